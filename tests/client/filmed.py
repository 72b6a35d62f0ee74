"""Packages of real films, made without a server: cut, sealed and stated as a device does."""

import zipfile
from dataclasses import replace
from pathlib import Path

from accompany.client.cutting import cut, inspect
from accompany.client.opening import Choice, open_package
from accompany.evidence import age
from evidence import making
from evidence.making import ATTORNEY_KEY, CALLER, START, Package, Recording, sealed

NOW = START + 900_000


def package_of(source: Path) -> Package:
    """Return a sealed package of the film or sound at *source*."""
    found = inspect(source)
    recording = Recording(kind=found.kind, media=found.media)
    recipient = making.identity("film").recipient
    for piece in cut(found):
        data = age.encrypt(piece.data, [recipient])
        recording.segment(piece.duration, offset=piece.offset, data=data)
    return sealed(recording.close())


def opened_of(folder: Path, package: Package, **chosen: object) -> Package:
    """Open *package* through files in *folder*; return what the opened one holds."""
    source, target = folder / "sealed.zip", folder / "opened.zip"
    source.write_bytes(package.zipped())
    choice = replace(Choice(certification=False), **chosen)  # type: ignore[arg-type]
    open_package(source, [CALLER], target, now=NOW, choice=choice, sign=ATTORNEY_KEY)
    with zipfile.ZipFile(target) as bag:
        files = {name.partition("/")[2]: bag.read(name) for name in bag.namelist()}
    return replace(package, files=files)
