"""Backups: taken while a server records, restored and checked, and nothing deleted comes back."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest
from msgspec.structs import replace

from accompany.adapters import backup as backup_module
from accompany.adapters.backup import Backup, Done
from accompany.adapters.closing import close_log
from accompany.adapters.manifest import MANIFEST, JournalFile, Manifest, objects_of, read_manifest
from accompany.adapters.restoring import Restored, Restoring
from accompany.adapters.stores import Store, Unreached
from accompany.cli import main
from accompany.client.device import Device
from accompany.custody.deletion import Wish
from accompany.errors import AccompanyError, Damaged, Malformed, Unknown
from accompany.evidence.age import HybridIdentity
from accompany.wiring import serving
from house import SECRET, House, bearing, house, settings_for, sound

pytestmark = pytest.mark.anyio
PART = 16 * 1024


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_module, "PART", PART)


def back_up(folder: Path, where: Path | str | None = None, **more: object) -> Done:
    store = Store(str(where or folder / "backup"))
    return Backup(folder / "data", store, **more).run()  # type: ignore[arg-type]


def restore(folder: Path, where: Path | str | None = None, **more: object) -> Restored:
    store = Store(str(where or folder / "backup"))
    target = folder / "restored" / "data"
    return Restoring(store, target, **more).run()  # type: ignore[arg-type]


async def recorded(held: House, segments: int = 3) -> tuple[Device, list[bytes]]:
    device, sealed = await held.opened(), []
    for _ in range(segments):
        one = device.segment(os.urandom(20_000), 0, 0, 0)
        assert one.sealed is not None
        assert (await held.put(device, one)).status_code == 201
        sealed.append(one.sealed)
    office = held.server.office
    await office.sequencer.covering(office.keeper.size - 1)
    return device, sealed


async def deleted(held: House, device: Device) -> None:
    office = held.server.office
    office.deletions._wishes.ask(Wish(device.recording, 0, 0, "organization"))  # type: ignore[attr-defined]
    await office.deletions.step()
    assert office.keeper.unerased() == []


async def segments_of(held: House, device: Device, count: int) -> list[bytes]:
    path = f"/api/recordings/{device.recording}/segments"
    answers = [
        await held.get(f"{path}/{number}", headers=bearing(SECRET))
        for number in range(1, count + 1)
    ]
    assert [one.status_code for one in answers] == [200] * count
    return [one.content for one in answers]


def raw(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_taken_while_a_server_records_it_comes_back_whole(tmp_path: Path) -> None:
    async with house(tmp_path) as held:
        device, sealed = await recorded(held)
        done = back_up(tmp_path)
        code = held.server.guest_code
        assert done.entries == held.server.office.sequencer.live.checkpoint.size
        # What comes afterwards is not in it, and harms nothing.
        await held.put(device, sound(device))
    restored = restore(tmp_path)
    assert (restored.entries, restored.keys) == (done.entries, True)
    async with house(tmp_path / "restored") as held:
        assert held.server.guest_code == code
        assert held.server.office.keeper.size == done.entries
        assert await segments_of(held, device, 3) == sealed
        # It goes on where it was; what was read just now are entries, too.
        assert (await held.open(held.device())).index == done.entries + 3


async def test_the_second_run_copies_only_what_is_new(tmp_path: Path) -> None:
    async with house(tmp_path) as held:
        await recorded(held, 5)
        first = back_up(tmp_path)
        assert first.copied > 100_000
        again = back_up(tmp_path)
        assert again.copied == 0
        await recorded(held, 1)
        later = back_up(tmp_path)
        # The new bytes, the part that was not full, and the small databases.
        assert 20_000 < later.copied < 20_000 + 2 * PART + 80_000
        names = {one.key for one in objects_of(read_manifest(Store(str(tmp_path / "backup"))))}  # type: ignore[arg-type]
        lying = {
            str(path.relative_to(tmp_path / "backup"))
            for path in (tmp_path / "backup").rglob("*")
            if path.is_file()
        }
        assert lying - names == {"backup.json", "secrets/clear.json"}
    async with house(tmp_path) as held:
        # A new start, a new file of the journal.
        await recorded(held, 1)
        assert back_up(tmp_path).copied < 20_000 + 2 * PART + 80_000
    restore(tmp_path)


async def test_while_many_are_recorded_at_once_every_backup_restores(tmp_path: Path) -> None:
    async with house(tmp_path) as held:
        for _ in range(6):
            device, sealed = await recorded(held, 2)
            back_up(tmp_path)
            restore(tmp_path)
            shutil.rmtree(tmp_path / "restored")
        back_up(tmp_path)
    restore(tmp_path)
    async with house(tmp_path / "restored") as held:
        assert await segments_of(held, device, 2) == sealed


async def test_what_was_deleted_is_deleted_in_the_backup_by_its_next_run(tmp_path: Path) -> None:
    async with house(tmp_path) as held:
        kept, kept_bytes = await recorded(held)
        gone, gone_bytes = await recorded(held)
        last, _ = await recorded(held)
        back_up(tmp_path)
        assert all(one[:48] in raw(tmp_path / "backup") for one in gone_bytes)
        await deleted(held, gone)
        back_up(tmp_path)
        data = raw(tmp_path / "backup")
        assert not any(one[at : at + 48] in data for one in gone_bytes for at in (0, 5000, 19_000))
        await deleted(held, last)
        back_up(tmp_path)
    restore(tmp_path)
    async with house(tmp_path / "restored") as held:
        for one in (gone, last):
            assert (await held.get(f"/api/recordings/{one.recording}")).status_code == 410
        assert await segments_of(held, kept, 3) == kept_bytes


async def test_what_is_erased_during_a_backup_neither_breaks_it_nor_stays(tmp_path: Path) -> None:
    async with house(tmp_path) as held:
        kept, kept_bytes = await recorded(held)
        gone, gone_bytes = await recorded(held)
        office = held.server.office
        back_up(tmp_path)
        await recorded(held, 1)
        office.keeper.erase, real = lambda recordings: 0, office.keeper.erase  # type: ignore[method-assign]
        office.deletions._wishes.ask(Wish(gone.recording, 0, 0, "organization"))  # type: ignore[attr-defined]
        await office.deletions.step()
        calls = []

        def progress(done: int, total: int) -> None:
            # In the middle of the copying.
            calls.append(done / total)
            if len(calls) == 3:
                real([gone.recording])

        store = Store(str(tmp_path / "backup"))
        Backup(tmp_path / "data", store, progress=progress).run()
        assert calls[-1] == 1
    restore(tmp_path)
    data = raw(tmp_path / "restored")
    assert not any(one[at : at + 48] in data for one in gone_bytes for at in (0, 5000, 19_000))
    async with house(tmp_path / "restored") as held:
        assert await segments_of(held, kept, 3) == kept_bytes
    # And the run after that takes it out of the backup as well.
    back_up(tmp_path)
    data = raw(tmp_path / "backup")
    assert not any(one[at : at + 48] in data for one in gone_bytes for at in (0, 5000, 19_000))


async def test_an_older_backup_does_not_bring_back_what_is_named_as_deleted(tmp_path: Path) -> None:
    async with house(tmp_path) as held:
        gone, gone_bytes = await recorded(held)
        back_up(tmp_path)
        await deleted(held, gone)
    restore(tmp_path, deleted=[gone.recording])
    async with serving(settings_for(tmp_path / "restored")) as server:
        await server.office.deletions.step()
        assert server.office.keeper.tombstone(gone.recording) is not None
    data = raw(tmp_path / "restored")
    assert not any(one[at : at + 48] in data for one in gone_bytes for at in (0, 5000, 19_000))


async def test_logs_that_were_closed_are_in_it_and_what_is_deleted_there_leaves_it(
    tmp_path: Path,
) -> None:
    async with house(tmp_path) as held:
        kept, kept_bytes = await recorded(held)
        gone, gone_bytes = await recorded(held)
    close_log(tmp_path / "data", "")
    async with house(tmp_path) as held:
        present, present_bytes = await recorded(held, 1)
        assert back_up(tmp_path).closed == 1
        assert back_up(tmp_path).copied == 0
        assert all(one[:48] in raw(tmp_path / "backup") for one in gone_bytes)
        await deleted(held, gone)
        back_up(tmp_path)
        data = raw(tmp_path / "backup")
        assert not any(one[at : at + 48] in data for one in gone_bytes for at in (0, 5000, 19_000))
    assert restore(tmp_path).closed == 1
    (closed,) = (tmp_path / "restored" / "data" / "closed").iterdir()
    keys = {one.name: one.stat().st_mode & 0o77 for one in (closed / "keys").iterdir()}
    assert {"custodian.key", "organization.key"} < keys.keys()
    assert set(keys.values()) == {0}
    async with house(tmp_path / "restored") as held:
        assert await segments_of(held, kept, 3) == kept_bytes
        assert await segments_of(held, present, 1) == present_bytes
        package = f"/api/recordings/{kept.recording}/package"
        assert (await held.get(package, headers=bearing(SECRET))).status_code == 200
        assert (await held.get(f"/api/recordings/{gone.recording}")).status_code == 410


async def test_a_closed_log_that_came_back_with_less_is_refused(tmp_path: Path) -> None:
    async with house(tmp_path) as held:
        await recorded(held)
    close_log(tmp_path / "data", "")
    async with house(tmp_path) as held:
        await recorded(held, 1)
        back_up(tmp_path)
    store = Store(str(tmp_path / "backup"))
    manifest = read_manifest(store)
    assert manifest is not None
    ((name, closed),) = manifest.closed.items()
    last = closed.files[-1]
    cut = JournalFile(last.number, True, last.parts[:1])
    for bent, why in (
        ({name: replace(closed, files=[*closed.files[:-1], cut])}, "a closed log: expected what"),
        ({"../up": closed}, "expected a closed log's name"),
    ):
        store.put(MANIFEST, msgspec.json.encode(replace(manifest, closed=bent)))
        with pytest.raises((Damaged, Malformed), match=why):
            restore(tmp_path)
        assert not (tmp_path / "restored" / "data").exists()


async def test_an_interrupted_backup_leaves_the_one_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path) as held:
        await recorded(held)
        entries = back_up(tmp_path).entries
        await recorded(held, 3)
        left = 0
        real = Store.put

        def put(store: Store, name: str, data: bytes) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise Unreached("there", "the line is cut")
            real(store, name, data)

        for steps in range(8):
            left = steps
            with monkeypatch.context() as patched:
                patched.setattr(Store, "put", put)
                with pytest.raises(Unreached):
                    back_up(tmp_path)
            assert restore(tmp_path).entries == entries
            shutil.rmtree(tmp_path / "restored")
        assert back_up(tmp_path).entries > entries


@pytest.mark.parametrize("how", ["bent", "missing", "short"])
async def test_what_is_not_what_was_copied_is_refused_and_nothing_is_made(
    tmp_path: Path, how: str
) -> None:
    async with house(tmp_path) as held:
        await recorded(held, 2)
        back_up(tmp_path)
    manifest = read_manifest(Store(str(tmp_path / "backup")))
    assert manifest is not None
    for one in objects_of(manifest):
        path = tmp_path / "backup" / one.key
        data = path.read_bytes()
        if how == "missing":
            path.unlink()
        else:
            path.write_bytes(data[:-1] + (b"" if how == "short" else bytes([data[-1] ^ 1])))
        with pytest.raises(Damaged, match=one.key):
            restore(tmp_path)
        assert not (tmp_path / "restored" / "data").exists()
        path.write_bytes(data)
    restore(tmp_path)


async def test_bent_keys_and_a_bent_list_of_all_are_refused_with_a_sentence(tmp_path: Path) -> None:
    async with house(tmp_path) as held:
        await recorded(held, 1)
        back_up(tmp_path)
    keys, listed = (tmp_path / "backup" / name for name in ("secrets/clear.json", MANIFEST))
    whole = keys.read_bytes()
    for at in range(0, len(whole), 97):
        keys.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(Damaged, match=r"secrets/clear\.json"):
            restore(tmp_path)
    keys.write_bytes(whole)
    named = listed.read_bytes()
    refused = 0
    for at in range(len(named)):
        listed.write_bytes(named[:at] + bytes([named[at] ^ 0x80]) + named[at + 1 :])
        try:
            read_manifest(Store(str(tmp_path / "backup")))
        except Malformed:
            refused += 1
    assert refused > len(named) // 2
    assert not (tmp_path / "restored" / "data").exists()
    listed.write_bytes(named)
    restore(tmp_path)


async def test_nothing_is_ever_overwritten(tmp_path: Path) -> None:
    async with house(tmp_path) as held:
        await recorded(held, 1)
        back_up(tmp_path)
    restore(tmp_path)
    with pytest.raises(Malformed, match="nothing is ever overwritten"):
        restore(tmp_path)
    (tmp_path / "empty").mkdir()
    Restoring(Store(str(tmp_path / "backup")), tmp_path / "empty").run()
    assert (tmp_path / "empty" / "keys" / "log.key").stat().st_mode & 0o77 == 0


async def test_two_servers_do_not_share_one_backup(tmp_path: Path) -> None:
    async with house(tmp_path / "one") as held:
        await recorded(held, 1)
    async with house(tmp_path / "two") as held:
        await recorded(held, 1)
    back_up(tmp_path / "one", tmp_path / "backup")
    with pytest.raises(Damaged, match="backup of another server"):
        back_up(tmp_path / "two", tmp_path / "backup")
    with pytest.raises(Unknown):
        back_up(tmp_path / "three", tmp_path / "backup")
    with pytest.raises(Unknown):
        restore(tmp_path, tmp_path / "nothing")


async def test_a_backup_behind_what_somebody_saw_is_refused_with_a_sentence(tmp_path: Path) -> None:
    async with house(tmp_path) as held:
        await recorded(held, 1)
        before = held.server.office.sequencer.live.note
        back_up(tmp_path)
        await recorded(held, 1)
        seen = held.server.office.sequencer.live.note
    with pytest.raises(Damaged, match="it looks like an older backup"):
        restore(tmp_path, seen=seen)
    assert not (tmp_path / "restored" / "data").exists()
    restore(tmp_path, seen=before)


async def test_a_journal_that_is_not_what_was_signed_is_refused(tmp_path: Path) -> None:
    """Somebody bent the backup and its manifest alike: the checkpoint tells."""
    async with house(tmp_path) as held:
        await recorded(held, 1)
        back_up(tmp_path)
    async with house(tmp_path / "other") as held:
        await recorded(held, 1)
        back_up(tmp_path / "other")
    ours, theirs = (Store(str(one / "backup")) for one in (tmp_path, tmp_path / "other"))
    mine, other = read_manifest(ours), read_manifest(theirs)
    assert mine is not None
    assert other is not None
    for one in objects_of(other):
        ours.put(one.key, theirs.get(one.key) or b"")
    swapped = {**mine.files, "journal/uuid": other.files["journal/uuid"]}
    bent = Manifest(
        mine.format, mine.made, mine.origin, mine.entries, swapped, other.journal, [], mine.secrets
    )
    ours.put(MANIFEST, msgspec.json.encode(bent))
    with pytest.raises(Damaged, match="the journal's tree of"):
        restore(tmp_path)


async def test_sealed_keys_need_their_identity_and_left_out_ones_are_missed(tmp_path: Path) -> None:
    async with house(tmp_path) as held:
        await recorded(held, 1)
        identity = HybridIdentity.generate()
        back_up(tmp_path, seal_to=identity.recipient)
        data = raw(tmp_path / "backup")
        for key in (tmp_path / "data" / "keys").iterdir():
            assert key.read_bytes().splitlines()[-1] not in data
    with pytest.raises(Malformed, match="expected --identity"):
        restore(tmp_path)
    with pytest.raises(AccompanyError):
        restore(tmp_path, identity=HybridIdentity.generate())
    assert restore(tmp_path, identity=identity).keys
    shutil.rmtree(tmp_path / "restored")
    back_up(tmp_path, keys=False)
    assert not restore(tmp_path).keys
    with pytest.raises(Damaged, match="keys are missing"):
        async with house(tmp_path / "restored"):
            pass


def test_the_commands_say_what_they_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def command(*words: str | Path) -> int:
        return main([str(word) for word in words])

    data, where = tmp_path / "data", tmp_path / "backup"
    assert command("backup", "--data", data, "--to", where) == 1
    assert "there is no such server's data folder" in capsys.readouterr().err
    _start_once(tmp_path)
    assert command("backup", "--data", data, "--to", where) == 0
    assert "The keys lie in it in clear" in capsys.readouterr().out
    assert command("backup", "--data", data, "--to", where, "--without-keys", "--json") == 0
    assert capsys.readouterr().out.startswith('{"entries": ')
    assert command("restore", "--from", where, "--data", tmp_path / "r") == 0
    told = capsys.readouterr().out
    assert "every byte, the tree and the checkpoints hold" in told
    assert "delete them again" in told
    assert command("restore", "--from", where, "--data", tmp_path / "r") == 1
    assert command("restore", "--from", where, "--data", tmp_path / "x", "--seen", "no") == 1
    assert "Traceback" not in capsys.readouterr().err


def _start_once(folder: Path) -> None:
    import asyncio

    async def start() -> None:
        async with house(folder):
            pass

    asyncio.run(start())


# A real S3.


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A bucket on a real S3 server on loopback, and its address in the environment."""
    folder = tmp_path_factory.mktemp("s3")
    ports = _free_ports(5)
    names = ("master", "volume", "filer", "s3")
    given = [f"-{name}.port={port}" for name, port in zip(names, ports, strict=False)]
    given += [f"-{name}.port.grpc={port}" for name, port in zip(names, _free_ports(4), strict=True)]
    command = [
        "weed", "server", "-s3", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={folder}",
        "-volume.max=20", "-master.volumeSizeLimitMB=64", "-debug.port=0", *given,
    ]  # fmt: skip
    path = f"{Path(os.sys.executable).parent}:{os.environ['PATH']}"  # type: ignore[attr-defined]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env={"PATH": path, "HOME": "/"})
    endpoint = f"http://127.0.0.1:{ports[3]}"
    variables = {
        "AWS_ENDPOINT": endpoint, "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_REGION": "us-east-1", "AWS_ALLOW_HTTP": "true",
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patched:
        for name, value in variables.items():
            patched.setenv(name, value)
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            patched.delenv(name, raising=False)
        _until_made(f"{endpoint}/backups", process)
        yield "s3://backups/accompany"
    process.kill()
    process.wait()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _until_made(url: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 60
    while True:
        assert process.poll() is None
        assert time.monotonic() < until
        try:
            if httpx.put(url, trust_env=False, timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)


async def test_a_bucket_is_as_good_as_a_folder(tmp_path: Path, bucket: str) -> None:
    identity = HybridIdentity.generate()
    async with house(tmp_path) as held:
        device, sealed = await recorded(held, 4)
        gone, _ = await recorded(held, 2)
        with pytest.raises(Malformed, match="in clear on somebody else's machine"):
            back_up(tmp_path, bucket)
        first = back_up(tmp_path, bucket, seal_to=identity.recipient)
        again = back_up(tmp_path, bucket, seal_to=identity.recipient)
        assert (again.copied, again.entries) == (0, first.entries)
        await deleted(held, gone)
        back_up(tmp_path, bucket, seal_to=identity.recipient)
    restored = restore(tmp_path, bucket, identity=identity)
    assert restored.keys
    async with house(tmp_path / "restored") as held:
        assert await segments_of(held, device, 4) == sealed
        assert (await held.get(f"/api/recordings/{gone.recording}")).status_code == 410


def test_a_bucket_that_does_not_answer_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    with pytest.raises(Unreached, match=r"^s3://nowhere/x: "):
        Store("s3://nowhere/x").get("backup.json")
    with pytest.raises(Unreached):
        Store("nothing://x")
