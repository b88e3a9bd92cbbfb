"""shutil makes and unpacks archives of the format arztar."""

import grp
import os
import pwd
import shutil
import tarfile
from pathlib import Path

import pytest

import arzip

arzip.register()

TEXT = b"the text of a file\n" * 30


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with something in it, in the current directory."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "folder"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "text").write_bytes(TEXT)
    (folder / "link").symlink_to("inner/text")
    return folder


def test_what_is_packed_is_unpacked(folder: Path) -> None:
    name = shutil.make_archive("made/archive", "arztar", root_dir="folder")
    assert Path(name).resolve() == folder.parent / "made" / "archive.tar.arz"
    assert Path.cwd() == folder.parent
    shutil.unpack_archive(name, "out")
    assert (Path("out") / "inner" / "text").read_bytes() == TEXT
    assert os.readlink("out/link") == "inner/text"
    with arzip.open(name) as file, tarfile.open(fileobj=file) as archive:
        assert sorted(archive.getnames()) == [".", "./inner", "./inner/text", "./link"]


def test_an_archive_is_not_in_itself(folder: Path) -> None:
    os.chdir(folder)
    name = shutil.make_archive("archive", "arztar")
    with arzip.open(name) as file, tarfile.open(fileobj=file) as archive:
        assert sorted(archive.getnames()) == [".", "./inner", "./inner/text", "./link"]


def test_part_of_a_folder_and_who_owns_it(folder: Path) -> None:
    owner, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
    name = shutil.make_archive("archive", "arztar", ".", "folder/inner", owner=owner, group=group)
    with arzip.open(name) as file, tarfile.open(fileobj=file) as archive:
        members = archive.getmembers()
    assert [member.name for member in members] == ["folder/inner", "folder/inner/text"]
    assert {(member.uname, member.gname) for member in members} == {(owner, group)}
    with pytest.raises(ValueError, match="nobody-of-this-name"):
        shutil.make_archive("other", "arztar", "folder", owner="nobody-of-this-name")


def test_a_dry_run_makes_nothing(folder: Path) -> None:
    assert shutil.make_archive("archive", "arztar", "folder", dry_run=True).endswith(".tar.arz")
    assert os.listdir() == ["folder"]


@pytest.mark.parametrize("content", [b"", b"no archive", arzip.compress(b"no tar", model="swift")])
def test_what_is_no_archive(folder: Path, content: bytes) -> None:
    Path("bad.tar.arz").write_bytes(content)
    with pytest.raises(shutil.ReadError, match=r"bad\.tar\.arz"):
        shutil.unpack_archive("bad.tar.arz", "out")


def test_nothing_is_unpacked_outside(folder: Path) -> None:
    with arzip.open("evil.tar.arz", "wb") as file, tarfile.open(fileobj=file, mode="w") as archive:
        archive.add("folder/inner/text", "../escaped")
    with pytest.raises(tarfile.OutsideDestinationError):
        shutil.unpack_archive("evil.tar.arz", "out")
    assert not Path("escaped").exists()
