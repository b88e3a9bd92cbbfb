"""Temporary files: recognisable, and removed once nobody can be writing them."""

import fcntl
import os
from pathlib import Path

import pytest

from arzip.system import temporary


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    temporary._temporaries.cache_clear()
    return tmp_path


def leave(target: str) -> str:
    """What a process that was killed leaves: a file that nobody has locked."""
    path, descriptor = temporary.create(target)
    os.close(descriptor)
    return path


def test_names_and_modes(here: Path) -> None:
    for target in ("text.arz", str(here / "text.arz"), "x" * 255):
        path, descriptor = temporary.create(target)
        assert os.path.dirname(path) == os.path.dirname(target)
        name = os.path.basename(path)
        assert name.startswith("." + os.path.basename(target)[:100]) and name.endswith(".arz-tmp")
        assert os.fstat(descriptor).st_mode & 0o777 == 0o600
        os.close(descriptor)


def test_what_the_dead_left_is_removed(here: Path) -> None:
    left = leave("text.arz")
    temporary.remove_leftovers("text.arz")
    assert not os.path.exists(left)


def test_what_is_being_written_is_not(here: Path) -> None:
    path, descriptor = temporary.create("text.arz")
    temporary.remove_leftovers("text.arz")
    assert os.path.exists(path)
    os.close(descriptor)


def test_nor_is_anything_else(here: Path) -> None:
    kept = [leave("other.arz"), leave("text.arz.arz"), ".text.arz.arz-tmp", "text.arz"]
    kept += [".text.arz.0123456789.arz-tmp", ".text.arz.0123456X.arz-tmp"]
    for name in kept:
        Path(name).touch()
    os.symlink("text.arz", ".text.arz.01234567.arz-tmp")
    os.mkdir(".text.arz.12345678.arz-tmp")
    os.mkfifo(".text.arz.23456789.arz-tmp")
    before = sorted(os.listdir())
    temporary.remove_leftovers("text.arz")
    assert sorted(os.listdir()) == before


def test_a_new_file_that_was_taken_for_a_leftover_is_made_again(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between making and locking it another process may have come."""
    lock = fcntl.flock
    taken = []

    def interfere(descriptor: int, operation: int) -> None:
        if not taken:
            taken.extend(os.listdir())
            os.unlink(taken[0])
        lock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", interfere)
    path, descriptor = temporary.create("text.arz")
    os.close(descriptor)
    assert taken and os.listdir() == [path] != taken


def test_without_locks_nothing_is_removed(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(descriptor: int, operation: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", fail)
    left = leave("text.arz")
    temporary.remove_leftovers("text.arz")
    assert os.listdir() == [left]


def test_a_folder_that_is_not_there_is_no_error(here: Path) -> None:
    temporary.remove_leftovers("nowhere/text.arz")
