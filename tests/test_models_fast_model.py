"""The model `fast`: what is encoded is decoded; the conditionals are those that coding uses."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import reference_fast
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from arzip import codec, coder, readings
from arzip.errors import FormatError, ModelError
from arzip.models import parameters, registry
from arzip.models.explore import explorer
from arzip.models.explore.draw import Choice
from arzip.models.explore.stepwise import Stepwise
from arzip.models.fast.layout import BANKS, FITTED
from arzip.models.fast.model import VERSION, FastModel
from arzip.models.model import PIECE, spans_in
from arzip.models.parameters import Parameters
from arzip.readings import Chosen, records
from arzip.readings.spans import Span

FAST = registry.load("fast")
WEIGHTS = registry.read("fast")

TEXT = b"It was the best of times, it was the worst of times.\n1,2,3;\tCamelCase\r\n" * 4
RECORDS = b"".join(i.to_bytes(4, "little") + b"\0\xff" + bytes([i % 7]) for i in range(150))
AGAIN = b"".join(b"%d: all work and no play makes Jack a dull boy\n" % (k % 4) for k in range(40))

structured = st.lists(
    st.sampled_from([b"the ", b"cat", b"\n", b"\0\0\1", b"ABC,", bytes(range(40)), b"\xff" * 9]),
    max_size=60,
).map(b"".join)


def array(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, dtype=np.uint8)


def restored(data: bytes) -> bytes:
    pieces = list(FAST.encode(array(data)))
    left = np.concatenate([piece.left for piece in pieces])
    freq = np.concatenate([piece.freq for piece in pieces])
    words = coder.to_words(coder.encode(left, freq))
    return b"".join(FAST.decode(words, len(data)))


@settings(max_examples=60)
@given(st.binary(min_size=1, max_size=400) | structured.filter(bool))
def test_round_trip(data: bytes) -> None:
    assert restored(data) == data


@pytest.mark.parametrize("size", [PIECE - 1, PIECE, PIECE + 1, 200_000])
def test_round_trip_of_several_pieces(size: int) -> None:
    rng = np.random.default_rng(size)
    words = [rng.integers(97, 123, rng.integers(1, 9), dtype=np.uint8).tobytes() for _ in range(99)]
    data = b" ".join(words[i] for i in rng.zipf(1.3, size) % 99)[:size]
    assert restored(data) == data


def test_round_trip_of_spans_of_all_readings() -> None:
    """Banks change, and come back as they were left."""
    sizes = [60 + 7 * k for k in range(2 * len(readings.READINGS))]
    listed = [
        Span(Chosen(reading, reading.usual), size)
        for reading, size in zip([*readings.READINGS, *readings.READINGS], sizes, strict=True)
    ]
    data = ((TEXT + RECORDS) * 3)[: sum(sizes)]
    pieces = list(FAST.encode_as(array(data), listed))
    left = np.concatenate([piece.left for piece in pieces])
    freq = np.concatenate([piece.freq for piece in pieces])
    words = coder.to_words(coder.encode(left, freq))
    assert b"".join(FAST.decode(words, len(data))) == data


@pytest.mark.parametrize("data", [TEXT, RECORDS, AGAIN], ids=["text", "records", "again"])
def test_the_gap_between_payload_and_code_length(data: bytes) -> None:
    for copies in (1, 30):
        account = codec.encode(FAST, data * copies).account
        assert -16 <= account.payload - account.model <= 64 + 2e-4 * len(data * copies)


@pytest.mark.parametrize("data", [TEXT, RECORDS, AGAIN], ids=["text", "records", "again"])
def test_conditionals_are_those_of_coding(data: bytes) -> None:
    _, coded = FAST.encode(array(data))
    session = FAST.session(reading=FAST.prevailing(array(data)), size=len(data))
    for t, byte in enumerate(data):
        freq = session.conditionals()
        assert freq.dtype == np.uint32 and freq.shape == (256,)
        assert freq.min() >= 1
        assert freq.sum(dtype=np.int64) == (1 << 24) - 2
        assert freq[byte] == coded.freq[t]
        session.observe(byte)


def test_a_long_match_is_one_decision() -> None:
    """The expected byte's interval is the first one, and as wide as its share of times it came."""
    data = AGAIN * 3
    _, coded = FAST.encode(array(data))
    first = coded.left == 1
    assert first[-400:].mean() > 0.8
    assert codec.encode(FAST, data).account.model / len(data) < 0.2


def test_looking_changes_nothing() -> None:
    looking, blind = FAST.session(size=2000), FAST.session(size=2000)
    for byte in AGAIN[:400]:
        first = looking.conditionals()
        assert (looking.conditionals() == first).all()
        looking.observe(byte)
        blind.observe(byte)
    assert (looking.conditionals() == blind.conditionals()).all()


def test_forks_go_on_by_themselves() -> None:
    session = FAST.session(size=100)
    session.explain(b"to be or not to b", 0)
    fork, before = session.fork(), session.conditionals()
    for byte in b"e, that is":
        fork.observe(byte)
    assert (session.conditionals() == before).all()
    assert (fork.conditionals() != before).any()


def test_sessions_explain_and_draw() -> None:
    explored = explorer(FAST, len(TEXT), array(TEXT))
    assert isinstance(explored, Stepwise)
    explained = explored.explain(TEXT[:120], 3)
    assert explained.values.shape == (120, 3) and (explained.likelihood > 0).all()
    drawn, used = explored.draw(np.arange(1, 9, dtype=np.uint64) << np.uint64(60), 8, Choice())
    assert len(drawn) == used == 8


@pytest.mark.parametrize("count", [-1, 257])
def test_no_more_than_all_bytes_are_likely(count: int) -> None:
    session = FAST.session(size=10)
    with pytest.raises(ValueError, match=f"count is {count}: it must be 0 to 256"):
        session.explain(b"abc", count)
    with pytest.raises(ValueError, match=f"count is {count}: it must be 1 to 256"):
        session.leading(count)


def test_a_session_outgrows_its_size() -> None:
    small, large = FAST.session(size=1 << 8), FAST.session(size=1 << 8)
    assert (small.conditionals() == large.conditionals()).all()
    session = FAST.session(size=0)
    for byte in TEXT:
        session.observe(byte)
    assert session.conditionals().sum(dtype=np.int64) == (1 << 24) - 2


def test_sessions_have_bounds() -> None:
    with pytest.raises(ValueError, match="do not go with the reading records"):
        FAST.session(reading=Chosen(records.READING, (0, *records.READING.usual[1:])))
    with pytest.raises(ValueError, match="size is -1: it must be 0 or more"):
        FAST.session(size=-1)
    with pytest.raises(ValueError, match="0 to 255"):
        FAST.session(size=10).observe(256)


@given(st.binary(max_size=60), st.integers(1, 300))
def test_damaged_words_give_bytes_or_an_error(payload: bytes, n: int) -> None:
    try:
        assert len(b"".join(FAST.decode(coder.to_words(payload), n))) <= n
    except FormatError as error:
        assert "damaged" in str(error)


def test_a_length_that_the_payload_cannot_hold_costs_no_time() -> None:
    payload = codec.encode(FAST, TEXT).payload
    start = time.monotonic()
    assert len(codec.decode(FAST, codec.MODELLED, payload, 1 << 26)) < len(TEXT) + 100_000
    assert time.monotonic() - start < 10


@pytest.mark.parametrize("n", [1, 3000, 1 << 20, 1 << 26])
def test_memory_is_what_a_segment_takes(n: int) -> None:
    state, *tables, data = FAST.predictor(n, readings.TEXT)
    assert data.size == 0
    needed = FAST.memory_needed(n)
    assert needed == state.nbytes + sum(table.nbytes for table in tables) + 2 * n
    assert needed - 2 * n < 50 << 20


def test_a_model_of_another_version_is_refused() -> None:
    with pytest.raises(ModelError, match="version"):
        FastModel(replace(WEIGHTS, version=VERSION + 1))
    with pytest.raises(ModelError, match="version"):
        FastModel(registry.read("swift"))


@pytest.mark.parametrize("name", FITTED)
@pytest.mark.parametrize("change", ["missing", "shape", "dtype"])
def test_a_model_that_lacks_a_part_is_refused(name: str, change: str) -> None:
    tensors: dict[str, NDArray[Any]] = dict(WEIGHTS.tensors)
    tensor = tensors.pop(f"{BANKS[1]}.{name}")
    if change == "shape":
        tensors[f"{BANKS[1]}.{name}"] = tensor[:-1]
    elif change == "dtype":
        tensors[f"{BANKS[1]}.{name}"] = tensor.astype(np.int32)
    with pytest.raises(ModelError, match=rf"other\.{name}"):
        FastModel(replace(WEIGHTS, tensors=tensors))


def test_a_model_with_more_than_that_is_refused() -> None:
    with pytest.raises(ModelError, match="no model has"):
        FastModel(replace(WEIGHTS, tensors={**WEIGHTS.tensors, "x": np.zeros(1, np.int16)}))


def test_a_model_of_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "odd.safetensors"
    parameters.write(path, Parameters("mine", 1, {}, (), {}, kind="odd"))
    with pytest.raises(ModelError, match="of a kind that this arzip does not know: odd"):
        registry.load(path)


def test_a_model_that_computes_otherwise_is_refused() -> None:
    for direction in ("encode", "decode"):
        with pytest.raises(ModelError, match="other results"):
            FastModel(replace(WEIGHTS, answers=(b"x", b"y"))).prove(direction)


def decoded_by_the_reference(data: bytes, listed: list[Span] | None = None) -> bytes:
    """What docs/fast.md says of the coder's words that the package makes of the data."""
    listed = FAST._find(array(data)) if listed is None else listed
    pieces = list(FAST.encode_as(array(data), listed))
    left = np.concatenate([piece.left for piece in pieces])
    freq = np.concatenate([piece.freq for piece in pieces])
    words, state = coder.to_words(coder.encode(left, freq)), np.zeros(4, dtype=np.uint64)
    assert spans_in(words, len(data), state) == listed
    banks = {
        bank: {name: WEIGHTS.tensors[f"{bank}.{name}"].astype(np.int64) for name in FITTED}
        for bank in BANKS
    }
    return reference_fast.Decoder(banks, len(data)).decode(
        listed,
        len(data),
        lambda: int(coder.target(state)),
        lambda low, width: coder.advance(words, state, np.uint32(low), np.uint32(width)),
    )


@pytest.mark.parametrize("data", [TEXT * 3, RECORDS, AGAIN], ids=["text", "records", "again"])
def test_the_reference_decodes_it(data: bytes) -> None:
    assert decoded_by_the_reference(data) == data


def test_the_reference_decodes_all_readings_and_changes_of_banks() -> None:
    kinds = [reading for reading in readings.READINGS if not reading.transform]
    listed = [Span(Chosen(reading, reading.usual), 90) for reading in [*kinds, *kinds]]
    data = ((TEXT + RECORDS) * 2)[: 90 * len(listed)]
    assert decoded_by_the_reference(data, listed) == data


def test_the_reference_decodes_full_tables() -> None:
    """So that lines, runs and positions take the place of others."""
    rng = np.random.default_rng(5)
    data = rng.integers(97, 101, 2500, dtype=np.uint8).tobytes()
    assert decoded_by_the_reference(data) == data
