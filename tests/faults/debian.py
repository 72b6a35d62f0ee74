"""Debian's packages for the fault run, where we may install: as scripts/browser does it."""

import os
import shutil
import subprocess


def bring(package: str) -> None:
    """Install *package*, if we are root on a Debian; else nothing."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    install = ["install", "-q", "-y", "--no-install-recommends", package]
    for words in (["update", "-q"], install):
        subprocess.run(
            ["apt-get", *words],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            check=False,
        )
