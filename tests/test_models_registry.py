"""Models by name, file and identity, without NumPy where it is not needed."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from arzip.errors import ModelError
from arzip.models import registry

FOLDER = Path(registry.__file__).parent / "weights"


def test_built_in_models_are_listed_and_loaded() -> None:
    assert "swift" in registry.names()
    for name, described in zip(registry.names(), registry.catalogue(), strict=True):
        model = registry.load(name)
        assert model.name == name == described["name"]
        assert model.identity.hex() == described["identity"]
        assert model.identity.hex() == str(described["digest"])[:8]
        assert described["size"] == (FOLDER / f"{name}.safetensors").stat().st_size
        assert described["description"]


def test_a_file_is_the_same_model(tmp_path: Path) -> None:
    copy = shutil.copy(FOLDER / "swift.safetensors", tmp_path / "mine.safetensors")
    assert registry.load(copy).identity == registry.load("swift").identity


@pytest.mark.parametrize("given", ["./base", "../here/base", Path("base")], ids=str)
def test_a_path_is_a_path_whatever_its_file_is_called(
    given: str | Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    shutil.copy(FOLDER / "swift.safetensors", "base")
    swift = registry.load("swift").identity
    assert registry.load(given).identity == registry.read(given).identity == swift
    assert registry.describe(given) == registry.describe("swift") | {"file": str(given)}
    assert registry.load("base").identity != swift


def test_models_are_loaded_once() -> None:
    assert registry.load("swift") is registry.load("swift")


@pytest.mark.parametrize("name", ["swfit", "", "/nowhere/x.safetensors", "\0"])
def test_unknown_models(name: str) -> None:
    with pytest.raises(ModelError, match="swift"):
        registry.load(name)


def test_by_identity() -> None:
    swift = registry.load("swift")
    assert registry.by_identity(swift.identity) is swift
    with pytest.raises(ModelError, match="01020304"):
        registry.by_identity(b"\1\2\3\4", given=swift)


def test_a_file_that_is_gone_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone.safetensors").symlink_to("nowhere")
    (tmp_path / "none.safetensors").write_bytes(b"no model")
    monkeypatch.setenv("ARZIP_MODELS", str(tmp_path))
    assert [model.name for model in registry.every()] == list(registry.names())


def test_names_need_no_numpy() -> None:
    code = "import sys, arzip.models.registry as m; m.names(); sys.exit('numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
