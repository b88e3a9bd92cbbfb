"""Files appear under their names when they are complete; what was there before, only if told."""

import os
import stat
import threading
from pathlib import Path

import pytest

from arzip.system import newfile
from arzip.system.newfile import NewFile


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def mode_of(path: str) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)


def test_it_appears_when_it_is_complete(here: Path) -> None:
    with NewFile("new") as new:
        new.file.write(b"content")
        (beside,) = os.listdir()
        assert beside != "new" and mode_of(beside) == 0o600
        new.commit()
        assert os.listdir() == ["new"]
    assert Path("new").read_bytes() == b"content"


def test_what_is_not_committed_leaves_nothing(here: Path) -> None:
    with pytest.raises(ZeroDivisionError), NewFile("new") as new:
        new.file.write(b"content")
        raise ZeroDivisionError
    assert os.listdir() == []


@pytest.mark.parametrize("replace", [False, True])
def test_what_exists(here: Path, replace: bool) -> None:
    Path("new").write_bytes(b"old")
    if replace:
        with NewFile("new", replace=True) as new:
            new.file.write(b"content")
            assert Path("new").read_bytes() == b"old"
            new.commit()
    else:
        with pytest.raises(FileExistsError, match="new"):
            NewFile("new")
    assert os.listdir() == ["new"]
    assert Path("new").read_bytes() == (b"content" if replace else b"old")


def test_a_dangling_link_exists_too(here: Path) -> None:
    os.symlink("nowhere", "new")
    with pytest.raises(FileExistsError):
        NewFile("new")


@pytest.mark.parametrize("replace", [False, True])
def test_a_folder_is_never_replaced(here: Path, replace: bool) -> None:
    os.mkdir("new")
    with pytest.raises(IsADirectoryError):
        NewFile("new", replace=replace)


@pytest.mark.parametrize("name", ["nowhere/new", "x" * 256])
def test_what_cannot_be_had_is_known_before_the_work(here: Path, name: str) -> None:
    with pytest.raises(OSError) as caught:
        NewFile(name)
    assert caught.value.filename == name
    assert os.listdir() == []


def test_what_appeared_meanwhile_is_kept(here: Path) -> None:
    with NewFile("new") as new:
        new.file.write(b"ours")
        Path("new").write_bytes(b"theirs")
        with pytest.raises(FileExistsError):
            new.commit()
    assert os.listdir() == ["new"]
    assert Path("new").read_bytes() == b"theirs"


def test_it_may_then_have_another_name(here: Path) -> None:
    for taken in ("new.x", "new-2.x"):
        Path(taken).write_bytes(b"theirs")
    with NewFile("new-3.x") as other, NewFile("new.x", replace=True) as new:
        new.file.write(b"ours")
        assert new.commit_beside() == "new-3.x"
        with pytest.raises(FileExistsError):
            other.commit()
    assert sorted(os.listdir()) == ["new-2.x", "new-3.x", "new.x"]
    assert Path("new-3.x").read_bytes() == b"ours"


def test_modes(here: Path) -> None:
    before = os.umask(0o027)
    try:
        for name, mode in (("open", 0o666), ("private", 0o600)):
            with NewFile(name) as new:
                new.commit(mode=mode)
    finally:
        os.umask(before)
    Path("like").touch()
    os.chmod("like", 0o604)
    with NewFile("alike") as new:
        new.commit(os.stat("like"))
    assert [mode_of(name) for name in ("open", "private", "alike")] == [0o640, 0o600, 0o604]


def test_links_that_wait_for_it_are_not_followed(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should somebody guess the temporary file's name, another is taken."""
    Path("victim").write_bytes(b"precious")
    os.symlink("victim", ".new.00000000.arz-tmp")
    names = iter(["00000000", "11111111"])
    monkeypatch.setattr("secrets.token_hex", lambda size: next(names))
    with NewFile("new") as new:
        new.file.write(b"content")
        new.commit()
    assert Path("victim").read_bytes() == b"precious"
    assert not os.path.islink("new")


def test_giving_up_removes_what_is_unfinished(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newfile, "_creating", threading.Lock())
    with NewFile("new"):
        newfile.give_up()
        assert os.listdir() == []
