"""The model `max`: `base`, read broadly."""

import shutil
from pathlib import Path

import golden
import numpy as np
import pytest

import arzip
from arzip.errors import ModelError
from arzip.models import coding, parameters, registry
from arzip.models.bits import last, mixer
from arzip.models.bits.state import MIXERS, MORE_MIXERS, ROWS_OF_MORE, new_state, read_by
from arzip.models.broad import broadened
from arzip.models.explore.session import PredictorSession
from arzip.readings import READINGS, TEXT, Chosen
from arzip.readings.reading import BROAD, MORE_CONTEXTS

MAX = registry.load("max")
BASE = registry.load("base")
WEIGHTS = Path(parameters.__file__).parent / "weights"


@pytest.mark.parametrize("name", ["log", "records", "x86", "spans"])
def test_it_is_smaller_than_base(name: str) -> None:
    data = golden.inputs()[name]
    packed = arzip.compress(data, model="max")
    assert len(packed) < len(arzip.compress(data, model="base"))
    assert arzip.decompress(packed) == data


def test_what_is_not_read_broadly_is_as_in_base() -> None:
    data = golden.inputs()["bitmap"]
    packed = arzip.compress(data, model="max"), arzip.compress(data, model="base")
    assert abs(len(packed[0]) - len(packed[1])) < 10  # the tables are larger


@pytest.mark.slow  # to compile
@pytest.mark.parametrize("reading", [r for r in READINGS if r.set_more], ids=lambda r: r.name)
def test_looking_ahead_changes_nothing_and_is_what_coding_does(reading: object) -> None:
    chosen = next(Chosen(r, r.usual) for r in READINGS if r is reading)
    data = golden.inputs()["mixed"][2900:3000]
    size = len(data)
    looked, coded = MAX.session(reading=chosen, size=size), MAX.predictor(size, chosen)
    assert isinstance(looked, PredictorSession)
    coded = coded.with_data(np.frombuffer(data, dtype=np.uint8).copy())
    left, freq = np.empty((2, len(data)), dtype=np.uint32)
    coding.encode(coded, left, freq)
    for byte, width in zip(data, freq, strict=True):
        assert looked.conditionals()[byte] == width
        looked.observe(byte)


def test_three_last_mixers_are_averaged() -> None:
    state = new_state(mixer.apm_row(), BROAD)
    read_by(state, TEXT.reading, TEXT.which, TEXT.numbers)
    state["odds"] = 100
    state["final_weights"][:, 0] = 8 << 16
    state["more_final"][0, :, 0] = 4 << 16
    assert last.join(state) == (2 * 800 + 400 + 0) >> 2
    last.learn(state, 1 << 22)
    assert state["more_final"][1, 0, 0] > 0  # which was the farthest from right
    assert state["more_final"][0, 0, 0] > 4 << 16


def test_a_bank_is_one_of_base_and_a_row_for_each_mixer() -> None:
    fitted = {"final_weights": np.full((256, 2 + MIXERS), 100, dtype=np.int32)}
    final = np.zeros(2 + MIXERS + MORE_MIXERS, dtype=np.int32)
    final[-1] = 7
    rows = np.arange(MORE_MIXERS * 16, dtype=np.int32).reshape(MORE_MIXERS, 16)
    made = broadened(fitted, {"more_history": rows[0], "more_weights": rows, "more_final": final})
    assert made["more_weights"].shape == (sum(ROWS_OF_MORE), 16)
    assert (made["more_weights"][0] == rows[0]).all()
    assert (made["more_weights"][-1] == rows[-1]).all()
    assert made["final_weights"][5].tolist() == [100] * 2 + [50] * MIXERS + [0] * 8 + [7]
    assert (made["more_final"] == made["final_weights"][0]).all()


def test_it_needs_base_beside_it_and_swift_beside_that(tmp_path: Path) -> None:
    shutil.copy(WEIGHTS / "max.safetensors", tmp_path)
    with pytest.raises(ModelError, match=r"needs .*base\.safetensors beside it"):
        registry.load(tmp_path / "max.safetensors")
    shutil.copy(WEIGHTS / "base.safetensors", tmp_path)
    with pytest.raises(ModelError, match=r"needs .*swift\.safetensors beside it"):
        registry.load(tmp_path / "max.safetensors")
    shutil.copy(WEIGHTS / "swift.safetensors", tmp_path)
    assert registry.load(tmp_path / "max.safetensors").identity == MAX.identity


def test_models_that_share_with_each_other_are_none(tmp_path: Path) -> None:
    made = registry.read("max")
    path = tmp_path / "max.safetensors"
    with pytest.raises(ModelError):
        parameters.write(path, made)
    path.write_bytes((WEIGHTS / "max.safetensors").read_bytes().replace(b'"base"', b'"max" '))
    with pytest.raises(ModelError, match="not a model of arzip's, or is damaged"):
        registry.load(path)


def test_it_takes_more_memory_than_base() -> None:
    assert MAX.memory_needed(1 << 20) > 1.5 * BASE.memory_needed(1 << 20)


def test_a_state_has_room_for_all_contexts() -> None:
    for reading in READINGS:
        state = MAX.predictor(1000, Chosen(reading, reading.usual)).state
        assert state["contexts"] == reading.contexts + MORE_CONTEXTS * bool(reading.set_more)
