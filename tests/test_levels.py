"""Which model is meant: by level, by name or path, or one that is loaded."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import Counts

import arzip
from arzip import levels
from arzip.levels import DEFAULT_LEVEL, LEVELS
from arzip.models import registry


def test_levels_name_models_that_there_are() -> None:
    assert list(LEVELS) == list(range(1, 10))
    assert set(LEVELS.values()) <= set(registry.names())
    assert LEVELS[1] != LEVELS[9]


def test_a_level_is_an_alias_of_its_model() -> None:
    for level, name in LEVELS.items():
        assert levels.choose(None, level) is levels.choose(name) is arzip.load_model(name)
    assert levels.choose(None, np.int64(3)) is arzip.load_model("swift")  # type: ignore[arg-type]
    assert levels.choose(None) is arzip.load_model(LEVELS[DEFAULT_LEVEL])


def test_a_loaded_model_is_that_model(model: Counts) -> None:
    assert levels.choose(model) is model  # type: ignore[comparison-overlap, arg-type]


@pytest.mark.parametrize("level", [0, 10, -1])
def test_levels_that_there_are_not(level: int) -> None:
    with pytest.raises(ValueError, match=f"^level is {level}: it must be 1 to 9$"):
        levels.choose(None, level)


@pytest.mark.parametrize("level", ["6", 6.0, b"6"])
def test_what_is_no_level(level: object) -> None:
    with pytest.raises(TypeError, match=r"^level must be a whole number, not "):
        levels.choose(None, level)  # type: ignore[arg-type]


@pytest.mark.parametrize("given", [6, 1.5, b"swift", ["swift"], SimpleNamespace()])
def test_what_is_no_model(given: object) -> None:
    said = f"^model must be a name, a path or a loaded model, not {type(given).__name__}$"
    with pytest.raises(TypeError, match=said):
        levels.choose(given)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["fast", "swift", "base"])
def test_only_one_of_them_says_it(name: str) -> None:
    with pytest.raises(ValueError, match="model and level"):
        levels.choose(name, 1)


def test_a_path_is_one_of_a_model_file(tmp_path: Path) -> None:
    with pytest.raises(arzip.ModelError, match="nonesuch"):
        levels.choose(tmp_path / "nonesuch.safetensors")


def test_what_is_kept_in_a_configuration() -> None:
    assert levels.stored_name() == "base"
    assert levels.stored_name(level=3) == levels.stored_name("swift") == "swift"
    assert levels.stored_name(Path("/models/mine")) == "/models/mine"
    assert levels.stored_name(Path("models", "mine")) == str(Path("models", "mine"))
    assert levels.stored_name(Path("base")) == "./base", "the file, not the model of that name"
    with pytest.raises(TypeError, match="model must be a name or a path, not HybridModel"):
        levels.stored_name(arzip.load_model("swift"))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="model and level"):
        levels.stored_name("swift", 1)


def test_the_table_is_cheap_to_import() -> None:
    program = "import sys, arzip.levels; print({'numpy', 'numba'} & set(sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "set()"
