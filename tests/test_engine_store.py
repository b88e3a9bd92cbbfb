"""The folder of machine code: who may write to it, and what happens when it cannot be used."""

import errno
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from arzip.engine import notices, store
from arzip.engine.store import Folder

ROOT = os.geteuid() == 0


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What the user is told, at once."""
    lines: list[str] = []
    monkeypatch.setattr(notices, "PATIENCE", 0.0)
    notices.when_compiling(lines.append)
    yield lines
    notices.when_compiling(lambda message: None)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """The user's folder, not made yet, and none of the machine's."""
    monkeypatch.setenv(store.ENVIRONMENT, str(tmp_path / "code"))
    monkeypatch.setattr(store, "SHARED", tmp_path / "shared")
    return Folder(store.own())


def slow() -> bytes:
    """What takes long enough for a line about it."""
    threading.Event().wait(0.2)
    return b"made"


def test_what_is_written_is_read(folder: Folder) -> None:
    assert folder.read("name") is None
    folder.prepare()
    assert folder.read("name") is None
    folder.write("name", b"content")
    assert folder.read("name") == b"content"
    folder.write("name", b"")
    assert folder.read("name") == b""
    assert os.listdir(folder.path) == ["name"]


@pytest.mark.parametrize("umask", [0, 0o077, 0o777])
def test_nobody_else_may_write(folder: Folder, umask: int) -> None:
    public = Folder(folder.path.with_name("public"), public=True)
    before = os.umask(umask)
    try:
        for place, modes in ((folder, (0o700, 0o600)), (public, (0o755, 0o644))):
            place.prepare()
            place.write("name", b"content")
            found = place.path.stat().st_mode, (place.path / "name").stat().st_mode
            assert tuple(mode & 0o777 for mode in found) == modes
            assert place.read("name") == b"content"
    finally:
        os.umask(before)


def test_what_others_could_have_written_is_not_read(folder: Folder) -> None:
    folder.prepare()
    folder.write("name", b"content")
    for path in (folder.path, folder.path / "name"):
        mode = path.stat().st_mode
        for others in (0o020, 0o002):
            path.chmod(mode | others)
            assert folder.read("name") is None
            if path == folder.path:
                with pytest.raises(PermissionError, match="other users may write to it"):
                    folder.write("name", b"content")
        path.chmod(mode)
    assert folder.read("name") == b"content"


@pytest.mark.skipif(not ROOT, reason="only root can give files away")
def test_what_belongs_to_another_is_not_read(folder: Folder) -> None:
    folder.prepare()
    folder.write("name", b"content")
    os.chown(folder.path / "name", 1234, -1)
    assert folder.read("name") is None
    os.chown(folder.path / "name", 0, -1)
    os.chown(folder.path, 1234, -1)
    assert folder.read("name") is None
    with pytest.raises(PermissionError, match="belongs to another user"):
        folder.prepare()


def test_what_is_no_file_is_not_read(folder: Folder) -> None:
    folder.prepare()
    folder.write("file", b"content")
    (folder.path / "link").symlink_to("file")
    (folder.path / "folder").mkdir()
    os.mkfifo(folder.path / "pipe")
    for name in ("link", "folder", "pipe"):
        assert folder.read(name) is None


def test_what_was_changed_is_not_read(folder: Folder) -> None:
    folder.prepare()
    folder.write("name", b"content")
    path = folder.path / "name"
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        assert folder.read("name") is None
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert folder.read("name") is None
    path.write_bytes(whole)
    assert folder.read("name") == b"content"


def test_made_once(folder: Folder, said: list[str]) -> None:
    written = store.written()
    assert store.obtain(["name"], slow) == b"made"
    assert said == [store.ONCE]
    assert store.written() == written + 1
    assert store.obtain(["name"], lambda: b"something else") == b"made"
    (folder.path / "name").write_bytes(b"garbage")
    assert store.obtain(["name"], lambda: b"made again") == b"made again"
    assert folder.read("name") == b"made again"


def test_what_may_not_be_kept(folder: Folder) -> None:
    assert store.obtain(["name"], slow, lambda: False) == b"made"
    assert os.listdir(folder.path) == []


def test_made_without_a_word_where_that_is_quick(folder: Folder) -> None:
    lines: list[str] = []
    notices.when_compiling(lines.append)
    store.obtain(["name"], lambda: b"made")
    assert lines == []


def test_the_machines_folder_serves_too(folder: Folder) -> None:
    shared = Folder(store.SHARED, public=True)
    shared.prepare()
    shared.write("any", b"for any processor")
    assert store.obtain(["this", "any"], slow) == b"for any processor"
    shared.write("this", b"for this processor")
    assert store.obtain(["this", "any"], slow) == b"for this processor"
    assert not folder.path.exists()
    # Of the user's own only what is made for this processor.
    folder.prepare()
    folder.write("any", b"not taken")
    (store.SHARED / "any").unlink()
    (store.SHARED / "this").unlink()
    assert store.obtain(["this", "any"], slow) == b"made"


def test_of_many_that_start_first_one_compiles(folder: Folder) -> None:
    calls = []

    def make() -> bytes:
        calls.append(1)
        return slow()

    results: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: results.append(store.obtain(["name"], make)))
        for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [b"made"] * 5
    assert len(calls) == 1


def test_without_a_folder(
    tmp_path: Path, folder: Folder, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    for place, reason in (("file/code", "Not a directory"), ("no/such/code", "No such file")):
        monkeypatch.setenv(store.ENVIRONMENT, str(tmp_path / place))
        assert store.obtain(["name"], slow) == b"made"
        assert len(said) == 1
        assert str(tmp_path / place) in said[0] and reason in said.pop()
    assert sorted(os.listdir(tmp_path)) == ["file"]


def mounted(folder: Folder, *options: str) -> None:
    folder.path.mkdir(0o700, exist_ok=True)
    command = ["mount", "-t", "tmpfs", *options, "tmpfs", str(folder.path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"a file system cannot be mounted here: {done.stderr.strip()}")


@pytest.mark.parametrize(
    ("options", "reason"),
    [("size=64k,mode=700", "No space left on device"), ("ro,mode=700", "Read-only file system")],
)
def test_a_full_or_read_only_disk(
    folder: Folder, said: list[str], options: str, reason: str
) -> None:
    mounted(folder, "-o", options)
    try:
        assert store.obtain(["name"], slow) == b"made"
        assert os.listdir(folder.path) == []
        assert len(said) == 1 and reason in said[0]
    finally:
        subprocess.run(["umount", str(folder.path)], check=True)


def test_a_disk_that_fills_up_meanwhile(
    folder: Folder, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Folder.write

    def fail(self: Folder, name: str, content: bytes) -> None:
        if name == "name":
            raise OSError(errno.EDQUOT, "Disk quota exceeded")
        write(self, name, content)

    monkeypatch.setattr(Folder, "write", fail)
    assert store.obtain(["name"], slow) == b"made"
    assert said[0] == store.ONCE
    assert "cannot be kept" in said[1] and "Disk quota exceeded" in said[1]


def test_where_the_users_folder_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv(store.ENVIRONMENT, raising=False)
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert store.own() == Path("/home/me/.cache/arzip")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert store.own() == Path("/home/me/.cache/arzip")
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert store.own() == Path("/caches/arzip")
    monkeypatch.setenv(store.ENVIRONMENT, "/mine")
    assert store.own() == Path("/mine")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv(store.ENVIRONMENT)
    with monkeypatch.context() as homeless:
        homeless.delenv("HOME")
        homeless.setattr("os.path.expanduser", lambda path: path)
        assert store.own() == Path("/nonexistent/.cache/arzip")
    monkeypatch.setattr("sys.platform", "darwin")
    assert store.own() == Path("/home/me/Library/Caches/arzip")


def test_names_are_locked_one_by_one(tmp_path: Path) -> None:
    folder, order = Folder(tmp_path), []

    def second() -> None:
        with folder.locked("one"):
            order.append("second")

    waits = threading.Thread(target=second)
    with folder.locked("one"):
        with folder.locked("two"):
            pass
        waits.start()
        waits.join(0.2)
        order.append("first")
    waits.join(60)
    assert order == ["first", "second"]
    assert not list(tmp_path.iterdir())
