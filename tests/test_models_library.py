"""Models of one's own in folders: by name to compress with, by identity to decompress with."""

import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

import arzip
from arzip.cli.group import cli
from arzip.errors import ModelError
from arzip.models import library, parameters, registry

TEXT = b"".join(b"%d green bottles hanging on the wall\n" % n for n in range(50))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a model that is not built in."""
    swift = registry.read("swift")
    path = tmp_path_factory.mktemp("made") / "mine.safetensors"
    registry.write(
        path, parameters.Parameters("mine", swift.version, dict(swift.tensors), (), {"a": "b"})
    )
    return path


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders that are searched, in that order; the last one is the user's own."""
    first, second, own = tmp_path / "first", tmp_path / "second", tmp_path / "data" / "arzip"
    monkeypatch.setenv(library.ENVIRONMENT, f"{first}{os.pathsep}{second}")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ARZIP_OPT", raising=False)
    return [first, second, own]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_model_in_a_folder_needs_no_file_named(
    folders: list[Path], made: Path, number: int
) -> None:
    with pytest.raises(ModelError, match="no model 'mine'"):
        registry.load("mine")
    packed = arzip.compress(TEXT, model=made)
    with pytest.raises(ModelError, match=f"put it into .*{folders[number].name}"):
        arzip.decompress(packed)
    folders[number].mkdir(parents=True)
    shutil.copy(made, folders[number])
    assert library.names() == ["mine"]
    assert arzip.compress(TEXT, model="mine") == packed
    assert arzip.decompress(packed) == TEXT
    listed = CliRunner().invoke(cli, ["models"]).output
    assert f"{registry.load('mine').identity.hex()}" in listed
    assert str(folders[2]) in listed


def test_the_first_folder_counts(folders: list[Path], made: Path) -> None:
    for folder in folders:
        folder.mkdir(parents=True)
        shutil.copy(made, folder)
    assert registry.find("mine") == folders[0] / "mine.safetensors"
    assert library.names() == ["mine"]


def test_names_that_are_taken(folders: list[Path], made: Path) -> None:
    folders[0].mkdir()
    shutil.copy(made, folders[0] / "swift.safetensors")
    assert registry.load("swift").name == "swift", "a built-in model has its name to itself"
    shutil.copy(made, "mine")
    shutil.copy(made, folders[0])
    assert registry.find("mine") == folders[0] / "mine.safetensors"
    assert registry.find("./mine") == Path("mine")
    assert registry.find(Path("mine")) == Path("mine")


def test_what_else_is_in_a_folder_is_passed_over(folders: list[Path], made: Path) -> None:
    packed = arzip.compress(TEXT, model=made)
    folders[1].mkdir()
    (folders[1] / "a.safetensors").write_bytes(b"nonsense")
    (folders[1] / "b.safetensors").mkdir()
    (folders[1] / "notes.txt").write_bytes(b"notes")
    shutil.copy(made, folders[1] / "z.safetensors")
    assert arzip.decompress(packed) == TEXT


def test_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> Path:
        raise RuntimeError

    for variable in (library.ENVIRONMENT, "XDG_DATA_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(Path, "home", none)
    assert library.folders() == [] and library.names() == []


def test_a_wrong_model_is_told_from_the_right_one(folders: list[Path], made: Path) -> None:
    packed = arzip.compress(TEXT, model=made)
    mine, swift = registry.load(made).identity.hex(), registry.load("swift").identity.hex()
    with pytest.raises(ModelError, match=f"made with the model {mine}, and swift is {swift}"):
        arzip.decompress(packed, model="swift")
