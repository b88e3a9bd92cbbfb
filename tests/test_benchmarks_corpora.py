"""Corpora: found in folders and archives, verified always, fetched only when asked."""

import csv
import hashlib
import tarfile
import zipfile
from pathlib import Path

import click
import pytest

import corpora
from corpora import Member, Source

FILES = {"one": b"1" * 10, "two": b"22"}


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A corpus "numbers" that is published as a zip at a local address; returns an empty folder."""
    members = {
        name: Member(name, len(data), hashlib.sha256(data).hexdigest())
        for name, data in FILES.items()
    }
    monkeypatch.setattr(corpora, "members", lambda name: members if name == "numbers" else {})
    with zipfile.ZipFile(tmp_path / "numbers.zip", "w") as pack:
        for name, data in {**FILES, "notes": b"about"}.items():
            pack.writestr(f"folder/{name}", data)
    source = Source((tmp_path / "numbers.zip").as_uri(), corpora.in_zip)
    monkeypatch.setitem(corpora.SOURCES, "numbers", source)
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


def put(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def test_known_files_are_taken_and_others_left(known: Path) -> None:
    folder = put(known / "numbers", {**FILES, "notes": b"about"})
    assert list(corpora.verified("numbers", folder)) == ["one", "two"]


def test_missing_files_are_said(known: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = put(known / "numbers", {"one": FILES["one"]})
    assert list(corpora.verified("numbers", folder)) == ["one"]
    assert "1 of its 2 files" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [b"3" * 10, b"1" * 11])
def test_another_file_is_an_error(known: Path, wrong: bytes) -> None:
    folder = put(known / "numbers", {**FILES, "one": wrong})
    with pytest.raises(click.ClickException, match="one: is not the one of numbers"):
        corpora.verified("numbers", folder)


def test_a_folder_without_files_is_an_error(known: Path) -> None:
    for name in ("numbers", "unknown"):
        with pytest.raises(click.ClickException, match="has no"):
            corpora.verified(name, put(known / name, {}))


def test_all_files_of_an_unknown_corpus_are_taken(known: Path) -> None:
    folder = put(known / "mine", {"a": b"a"})
    put(folder / "below", {"b": b"b"})
    assert list(corpora.verified("mine", folder)) == ["a", "below/b"]


def test_corpora_are_found_as_folders_and_archives(known: Path, tmp_path: Path) -> None:
    with tarfile.open(known / "numbers.tar.xz", "w:xz") as tar:
        tar.add(put(tmp_path / "packed" / "numbers", FILES), "numbers")
    assert corpora.names_in([known]) == ["numbers"]
    found = corpora.find("numbers", [known], tmp_path / "unpacked")
    assert found and corpora.verified("numbers", found)["two"].read_bytes() == b"22"
    assert corpora.find("letters", [known], tmp_path) is None
    assert corpora.find("numbers", [put(known / "numbers", FILES).parent], tmp_path) == (
        known / "numbers"
    )


def test_a_damaged_archive_is_an_error(known: Path, tmp_path: Path) -> None:
    (known / "numbers.tar.xz").write_bytes(b"no archive")
    with pytest.raises(click.ClickException, match=r"numbers\.tar\.xz: cannot be unpacked"):
        corpora.find("numbers", [known], tmp_path)


def test_download(known: Path) -> None:
    folder = corpora.download("numbers", known)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == FILES


def test_a_download_is_verified(known: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "numbers.zip", "w") as pack:
        for name in FILES:
            pack.writestr(name, b"?")
    with pytest.raises(click.ClickException, match="is not the one of numbers"):
        corpora.download("numbers", known)


def test_a_failed_download_is_an_error(known: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(click.ClickException, match="cannot be downloaded"):
        corpora.download("letters", known)
    (known.parent / "numbers.zip").unlink()
    with pytest.raises(click.ClickException, match="cannot be fetched"):
        corpora.download("numbers", known)
    monkeypatch.setitem(corpora.SOURCES, "numbers", Source(known.parent.as_uri() + "/{file}.bin"))
    put(known.parent, {f"{name}.bin": data for name, data in FILES.items()})
    assert corpora.download("numbers", known).is_dir()


def test_the_list_of_public_corpora() -> None:
    names = {name: len(corpora.members(name)) for name in corpora.SOURCES}
    assert names == {
        "canterbury": 11,
        "calgary": 9,
        "logs": 7,
        "silesia": 12,
        "enwik8": 1,
        "enwik9": 1,
    }
    for name in names:
        for member in corpora.members(name).values():
            assert len(bytes.fromhex(member.sha256)) == 32 and member.size > 0


def test_small_is_fifty_files_under_64_kb_of_seven_kinds() -> None:
    members = corpora.members("small")
    assert len(members) == 50
    assert all(1024 <= member.size < 65536 for member in members.values())
    assert len({name.partition("/")[0] for name in members}) == 7
    with (corpora.HERE / "small.csv").open(newline="") as file:
        assert all(line["source"].startswith("/usr/") for line in csv.DictReader(file))
