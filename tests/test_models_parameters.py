"""Parameter files: what is written is read, and what is damaged is refused."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import reference_recurrent
import reference_transformer
import safetensors.numpy
from numpy.typing import NDArray
from safetensors.numpy import save

import arzip
from arzip.errors import ModelError
from arzip.models import hybrid, parameters, registry
from arzip.models.parameters import NETWORK, PREFACE, Parameters


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


def test_a_file_does_not_repeat_what_lies_beside_it(made: Parameters, tmp_path: Path) -> None:
    other = tmp_path / "other.safetensors"
    beside = {
        "b": made.tensors["b"],
        "a.x": made.tensors["a.x"] + 1,
        "c": np.ones(1, dtype=np.int8),
    }
    parameters.write(other, Parameters("other", 1, beside, (), {}))
    sharing = Parameters("tiny", 1, dict(made.tensors) | {"c": beside["c"]}, (), {}, "other")
    path = tmp_path / "tiny.safetensors"
    parameters.write(path, sharing)
    assert safetensors.numpy.load_file(path).keys() == {"a.x"}
    read = parameters.read(path)
    assert read.identity == sharing.identity and read.shares == "other"
    assert all((read.tensors[name] == sharing.tensors[name]).all() for name in sharing.tensors)
    parameters.write(path, read, replace=True)
    assert parameters.read(path).digest == sharing.digest
    parameters.write(other, Parameters("other", 1, made.tensors, (), {}), replace=True)
    with pytest.raises(ModelError, match="digest does not match"):
        parameters.read(path)
    other.unlink()
    for act in (lambda: parameters.read(path), lambda: parameters.write(path, sharing)):
        with pytest.raises(ModelError, match=r"needs .*other\.safetensors beside it") as caught:
            act()
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("shares", ["../tiny", "/etc/passwd", "a\0b", "x" * 300])
def test_only_files_beside_it_are_shared_with(
    made: Parameters, shares: str, tmp_path: Path
) -> None:
    path = tmp_path / "deep" / "tiny.safetensors"
    path.parent.mkdir()
    parameters.write(tmp_path / "tiny.safetensors", made)
    content = safetensors.numpy.load(parameters.to_bytes(made))
    metadata = {"name": "tiny", "version": "1", "digest": made.digest, "answers": "[]"}
    path.write_bytes(save(content, metadata | {"about": "{}", "shares": shares}))
    with pytest.raises(ModelError, match="not a model of arzip's, or is damaged"):
        parameters.read(path)


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


# What a stranger's file may hold. Compiled code checks no index: all is checked when it is loaded.

SWIFT = registry.read("swift")
NETWORKS = {
    "gru": reference_recurrent.random_tensors("gru", 2, 12, seed=1),
    "lstm": reference_recurrent.random_tensors("lstm", 2, 12, seed=2),
    "transformer": reference_transformer.random_tensors(1, 16, 2, 16, seed=3),
}
TENSORS = {
    kind: {
        **SWIFT.tensors,
        **{NETWORK + name: tensor for name, tensor in network.items()},
        PREFACE: np.frombuffer(b"a text to begin with", dtype=np.uint8),
    }
    for kind, network in NETWORKS.items()
}
FIELDS = [
    pytest.param(kind, name, id=f"{kind}-{name}" if name.startswith(NETWORK) else name)
    for kind, tensors in TENSORS.items()
    for name in tensors
    if kind == "gru" or name.startswith(NETWORK)
]
OTHER_TYPES = {1: "bool i1 u1", 2: "i2 u2 f2", 4: "i4 u4 f4"}
"""Of as many bytes each, so that only the type tells."""


def assert_refused(path: Path, tensors: dict[str, NDArray[Any]], name: str) -> None:
    """As a model, though all that is checked of a file holds."""
    made = Parameters("made", SWIFT.version, tensors, SWIFT.answers, {})
    parameters.write(path, made, replace=True)
    with pytest.raises(ModelError) as caught:
        registry.load(path)
    text = str(caught.value)
    assert "\n" not in text
    assert name in text or f"{path} is not a model" in text


@pytest.mark.parametrize(("kind", "name"), FIELDS)
def test_every_field_has_its_type_and_shape(kind: str, name: str, tmp_path: Path) -> None:
    path, tensors = tmp_path / "made.safetensors", TENSORS[kind]
    good = tensors[name]
    short = name.removeprefix(NETWORK)
    for other in OTHER_TYPES[good.dtype.itemsize].split():
        if good.dtype != other:
            assert_refused(path, {**tensors, name: good.view(other)}, short)
    assert_refused(path, {**tensors, name: good.astype("i8")}, short)
    assert_refused(path, {**tensors, name: good[None]}, short)
    if name != PREFACE:
        # Where the size is what others are measured by, it is those that do not fit.
        if not name.endswith("ages"):  # of one head less
            assert_refused(path, {**tensors, name: good[:-1]}, "")
        assert_refused(path, {**tensors, name: good[:0]}, "")
        assert_refused(path, {key: tensors[key] for key in tensors if key != name}, "")


@pytest.mark.parametrize("kind", NETWORKS)
def test_the_same_files_unchanged_are_models(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "made.safetensors"
    parameters.write(path, Parameters("made", SWIFT.version, TENSORS[kind], SWIFT.answers, {}))
    assert registry.load(path).name == "made"


OUT_OF_RANGE = [
    ("lstm", "layers.0.start_cell", (16 << 15) + 1),
    ("lstm", "layers.1.start_cell", -(1 << 31)),
    *(
        (kind, name, value)
        for kind, network in NETWORKS.items()
        for name, value in [
            ("output.scale", 1 << 30),
            ("output.bias", (1 << 26) - 1),
            ("layers.0.recurrent_scale", -(1 << 31)),
            ("layers.0.recurrent_bias", -(1 << 31)),
            ("layers.1.input_scale", 1 << 30),
            ("layers.1.input_bias", (1 << 31) - 1),
            ("layers.0.ages", 1 << 26),
            ("layers.0.start_key", (8 << 11) + 1),
            ("layers.0.start_value", -(8 << 11) - 1),
            ("layers.0.attend", -128),
            ("layers.0.contract", -128),
        ]
        if name in network
    ),
]


@pytest.mark.parametrize(("kind", "name", "value"), OUT_OF_RANGE)
def test_what_could_leave_32_bits_is_refused(
    kind: str, name: str, value: int, tmp_path: Path
) -> None:
    tensor = TENSORS[kind][NETWORK + name].copy()
    tensor.flat[-1] = value
    path = tmp_path / "made.safetensors"
    assert_refused(path, {**TENSORS[kind], NETWORK + name: tensor}, name.replace("bias", "scale"))


@pytest.mark.parametrize("kind", [None, *NETWORKS])
@pytest.mark.parametrize("end", ["min", "max"])
def test_the_ends_of_what_is_in_range_code(kind: str | None, end: str) -> None:
    """A field's type is its range: with all of them at its end, nothing overflows."""
    tensors = dict(TENSORS[kind] if kind else SWIFT.tensors)
    for name in SWIFT.tensors:
        dtype = tensors[name].dtype
        tensors[name] = np.full_like(tensors[name], getattr(np.iinfo(dtype), end))
    model = hybrid.HybridModel.unproven(Parameters("made", SWIFT.version, tensors, (), {}))
    data = bytes(range(256)) + b"the same again, the same again, the same again" * 3
    assert arzip.decompress(arzip.compress(data, model=model), model=model) == data


def test_an_unknown_tensor_is_refused(tmp_path: Path) -> None:
    tensors = {**SWIFT.tensors, "text.weight": SWIFT.tensors["text.weights"]}
    assert_refused(tmp_path / "made.safetensors", tensors, "text.weight")


def with_metadata(change: Callable[[dict[str, str]], object]) -> bytes:
    """The file of `swift` with its metadata changed, and the digest as it is then."""
    metadata = {
        "name": SWIFT.name,
        "version": str(SWIFT.version),
        "answers": json.dumps([answer.hex() for answer in SWIFT.answers]),
        "about": "{}",
    }
    change(metadata)
    metadata["digest"] = Parameters(
        metadata.get("name", ""), SWIFT.version, SWIFT.tensors, (), {}
    ).digest
    return save(dict(SWIFT.tensors), metadata)


@pytest.mark.parametrize(
    "changed",
    [
        {"name": ""},
        {"name": "two\nlines"},
        {"name": "\x1b[2J"},
        {"name": "x" * 256},
        {"version": "3.0"},
        {"version": " 3"},
        {"version": "03"},
        {"version": "\u0663"},
        {"version": "9" * 5000},
        {"answers": "1"},
        {"answers": "null"},
        {"answers": "{}"},
        {"answers": "[1, 2]"},
        {"answers": '["0", "1"]'},
        {"answers": "[" * 100_000},
        {"about": "[]"},
        {"about": "1"},
        {"about": '{"description": null}'},
        {"about": '{"bits_per_byte": {"x": [1]}}'},
        {"about": '{"bits_per_byte": NaN}'},
        {"about": '{"bits_per_byte": 1e999}'},
        {"about": '{"a":' * 100_000},
        {"about": "not JSON"},
    ],
    ids=lambda changed: str(changed)[:40],
)
def test_metadata_of_another_kind(changed: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "made.safetensors"
    path.write_bytes(with_metadata(lambda metadata: metadata.update(changed)))
    with pytest.raises(ModelError, match="not a model") as caught:
        parameters.read(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key", ["name", "version", "answers", "about"])
def test_metadata_that_is_missing(key: str, tmp_path: Path) -> None:
    path = tmp_path / "made.safetensors"
    path.write_bytes(with_metadata(lambda metadata: metadata.pop(key)))
    with pytest.raises(ModelError, match="not a model"):
        parameters.read(path)


@pytest.mark.parametrize("answers", [[], ["00"], ["ffff"] * 2, ["00"] * 3, [""] * 2])
@pytest.mark.parametrize("direction", ["encode", "decode"])
def test_answers_that_are_none(answers: list[str], direction: str, tmp_path: Path) -> None:
    path = tmp_path / "made.safetensors"
    text = json.dumps(answers)
    path.write_bytes(with_metadata(lambda metadata: metadata.update(answers=text)))
    with pytest.raises(ModelError):
        registry.load(path).prove(direction)


@pytest.mark.parametrize("dtype", ["BF16", "F8_E4M3", "F8_E5M2", "F16", "U64", "BOOL", "C64"])
def test_types_that_numpy_may_lack(dtype: str, tmp_path: Path) -> None:
    size = {"F8_E4M3": 1, "F8_E5M2": 1, "BOOL": 1, "U64": 8, "C64": 8}.get(dtype, 2)
    tensor = {"dtype": dtype, "shape": [1], "data_offsets": [0, size]}
    header = json.dumps({"x": tensor, "__metadata__": {"name": "x", "version": "3"}}).encode()
    path = tmp_path / "made.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(size))
    with pytest.raises(ModelError, match="not a model"):
        parameters.read(path)


def test_a_file_that_is_larger_than_any_model(tmp_path: Path) -> None:
    path = tmp_path / "made.safetensors"
    path.touch()
    os.truncate(path, 1 << 40)
    with pytest.raises(ModelError, match="larger than any"):
        parameters.read(path)


def test_nothing_is_replaced_unless_told(made: Parameters, tmp_path: Path) -> None:
    path = tmp_path / "tiny.safetensors"
    path.write_bytes(b"precious")
    with pytest.raises(FileExistsError):
        parameters.write(path, made)
    assert path.read_bytes() == b"precious"
    parameters.write(path, made, replace=True)
    assert parameters.read(path).identity == made.identity
