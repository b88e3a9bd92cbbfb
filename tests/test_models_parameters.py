"""Parameter files: what is written is read, and what is damaged is refused."""

from pathlib import Path

import numpy as np
import pytest

from arzip.errors import ModelError
from arzip.models import parameters
from arzip.models.parameters import Parameters


@pytest.fixture
def made() -> Parameters:
    tensors = {"a.x": np.arange(6, dtype=np.int16).reshape(2, 3), "b": np.ones(2, dtype=np.uint16)}
    return Parameters("tiny", 1, tensors, (b"one", b"two"), {"description": "for a test"})


def test_round_trip(made: Parameters, tmp_path: Path) -> None:
    path = tmp_path / "tiny.safetensors"
    parameters.write(path, made)
    read = parameters.read(path)
    assert (read.name, read.version, read.answers) == ("tiny", 1, (b"one", b"two"))
    assert read.about == made.about
    assert all((read.tensors[name] == made.tensors[name]).all() for name in made.tensors)
    assert read.identity == made.identity == bytes.fromhex(made.digest[:8])
    assert parameters.claimed_identity(path) == made.identity
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(ModelError, match="damaged"):
        parameters.claimed_identity(path)


@pytest.mark.parametrize("change", ["name", "version", "value", "dtype", "shape", "tensor"])
def test_identity_depends_on_everything_that_predicts(made: Parameters, change: str) -> None:
    tensors = dict(made.tensors)
    name, version = made.name, made.version
    match change:
        case "name":
            name = "other"
        case "version":
            version = 2
        case "value":
            tensors["b"] = np.array([1, 2], dtype=np.uint16)
        case "dtype":
            tensors["b"] = tensors["b"].astype(np.int16)
        case "shape":
            tensors["a.x"] = tensors["a.x"].reshape(3, 2)
        case "tensor":
            tensors["c"] = tensors.pop("b")
    assert Parameters(name, version, tensors, (), {}).identity != made.identity


def test_identity_does_not_depend_on_descriptions(made: Parameters) -> None:
    other = Parameters(made.name, made.version, made.tensors, (), {"description": "another"})
    assert other.identity == made.identity


def test_every_damaged_byte_is_noticed(made: Parameters, tmp_path: Path) -> None:
    """In the header, names and metadata; or in the tensors. Never another exception."""
    path = tmp_path / "tiny.safetensors"
    parameters.write(path, made)
    good = path.read_bytes()
    for at in range(len(good)):
        path.write_bytes(good[:at] + bytes([good[at] ^ 0x11]) + good[at + 1 :])
        try:
            read = parameters.read(path)
        except ModelError as error:
            assert str(path) in str(error)
        else:  # only descriptions and answers may differ: they predict nothing
            assert read.digest == made.digest


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x00" * 64, b"\xff" * 64])
def test_foreign_files(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="not a model"):
        parameters.read(path)
