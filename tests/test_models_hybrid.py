"""The model: what is encoded is decoded; the conditionals are those that coding uses."""

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import arzip
from arzip import codec, coder, readings
from arzip.errors import ArzipError, FormatError, ModelError
from arzip.models import proof, registry
from arzip.models.hybrid import VERSION, HybridModel
from arzip.models.model import PIECE
from arzip.models.parameters import PREFACE, Parameters, read
from arzip.models.proof import SAMPLES
from arzip.readings import Chosen, records, spans

SWIFT = registry.load("swift")
WEIGHTS = read(registry._folder() / "swift.safetensors")

TEXT = b"It was the best of times, it was the worst of times.\n1,2,3;\tCamelCase\r\n" * 4
RECORDS = b"".join(i.to_bytes(4, "little") + b"\0\xff" + bytes([i % 7]) for i in range(150))

structured = st.lists(
    st.sampled_from([b"the ", b"cat", b"\n", b"\0\0\1", b"ABC,", bytes(range(40)), b"\xff" * 9]),
    max_size=60,
).map(b"".join)


def restored(data: bytes, model: HybridModel = SWIFT) -> bytes:
    array = np.frombuffer(data, dtype=np.uint8)
    pieces = list(model.encode(array))
    left = np.concatenate([piece.left for piece in pieces])
    freq = np.concatenate([piece.freq for piece in pieces])
    words = coder.to_words(coder.encode(left, freq))
    return b"".join(model.decode(words, array.size))


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


@pytest.mark.parametrize("data", [TEXT, RECORDS], ids=["text", "records"])
def test_the_gap_between_payload_and_code_length(data: bytes) -> None:
    """All of it: whole units, the coder's rounding and end, and what a decoder must know."""
    for copies in (1, 30):
        account = codec.encode(SWIFT, data * copies).account
        assert -16 <= account.payload - account.model <= 64 + 2e-4 * len(data * copies)


@pytest.mark.parametrize("data", [TEXT[:150], RECORDS[:150]], ids=["text", "records"])
def test_conditionals_are_those_of_coding(data: bytes) -> None:
    array = np.frombuffer(data, dtype=np.uint8)
    _, coded = SWIFT.encode(array)
    session = SWIFT.session(reading=SWIFT.prevailing(array), size=array.size)
    for t, byte in enumerate(data):
        freq = session.conditionals()
        assert freq.dtype == np.uint32 and freq.shape == (256,)
        assert freq.min() >= 1
        assert freq.sum(dtype=np.int64) == (1 << 24) - 2
        assert freq[byte] == coded.freq[t]
        assert 1 + freq[:byte].sum(dtype=np.int64) == coded.left[t]
        session.observe(byte)


def test_looking_changes_nothing() -> None:
    looking, blind = SWIFT.session(size=500), SWIFT.session(size=500)
    for byte in TEXT[:200]:
        first = looking.conditionals()
        assert (looking.conditionals() == first).all()
        looking.observe(byte)
        blind.observe(byte)
    assert (looking.conditionals() == blind.conditionals()).all()


def test_a_session_outgrows_its_size() -> None:
    session = SWIFT.session(size=10)
    for byte in TEXT:
        session.observe(byte)
    freq = session.conditionals()
    assert freq.sum(dtype=np.int64) == (1 << 24) - 2


@pytest.mark.parametrize("byte", [-1, 256])
def test_only_bytes_are_observed(byte: int) -> None:
    with pytest.raises(ValueError, match="0 to 255"):
        SWIFT.session(size=10).observe(byte)


@pytest.mark.parametrize("byte", [b"a", "a", 97.0])
def test_what_is_no_byte(byte: Any) -> None:
    with pytest.raises(TypeError, match="byte must be a whole number"):
        SWIFT.session(size=10).observe(byte)


def test_sessions_have_bounds() -> None:
    for length in (0, records.LONGEST + 1):
        with pytest.raises(ValueError, match="do not go with the reading records"):
            SWIFT.session(reading=Chosen(records.READING, (length, *records.READING.usual[1:])))
    with pytest.raises(TypeError, match="reading must be one of"):
        SWIFT.session(reading=24)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="size is -1: it must be 0 or more"):
        SWIFT.session(size=-1)
    session = SWIFT.session(size=0)
    session.explain("text, or bytes", 0)
    assert int(session.conditionals().sum()) == (1 << 24) - 2


@pytest.mark.parametrize("count", [-1, 257, 100_000])
def test_no_more_than_all_bytes_are_likely(count: int) -> None:
    session = SWIFT.session(size=10)
    with pytest.raises(ValueError, match=f"count is {count}: it must be 0 to 256"):
        session.explain(b"abc", count)
    with pytest.raises(ValueError, match=f"count is {count}: it must be 1 to 256"):
        session.leading(count)
    values, freq = session.leading(256)
    assert sorted(values.tolist()) == list(range(256)) and int(freq.sum()) == (1 << 24) - 2


def test_what_it_looks_like() -> None:
    assert repr(SWIFT) == f"<arzip model 'swift', identity {SWIFT.identity.hex()}>"


@given(st.binary(max_size=60), st.integers(1, 300))
def test_damaged_words_give_bytes_or_an_error(payload: bytes, n: int) -> None:
    try:
        assert len(b"".join(SWIFT.decode(coder.to_words(payload), n))) <= n
    except FormatError as error:
        assert "damaged" in str(error)


def test_an_impossible_reading() -> None:
    payload = coder.encode(*coder.byte_intervals(bytes([4 * len(readings.READINGS)]), spans.PLAIN))
    with pytest.raises(FormatError, match=f"reading is {len(readings.READINGS)}, which is unknown"):
        list(SWIFT.decode(coder.to_words(payload), 3))


def test_memory_is_bounded_and_says_so() -> None:
    assert SWIFT.memory_needed(1) < 40 << 20, "of which a progressive picture's blocks may take 16"
    assert SWIFT.memory_needed(64 << 20) < 450 << 20


@pytest.mark.parametrize("n", [1, 3000, 1 << 20])
def test_memory_is_what_a_segment_takes(n: int) -> None:
    state, table, positions, _, network = SWIFT.predictor(n, readings.TEXT)
    assert network is None
    assert SWIFT.memory_needed(n) == state.nbytes + table.nbytes + positions.nbytes + 2 * n


def with_preface(preface: NDArray[Any]) -> HybridModel:
    tensors = {**WEIGHTS.tensors, PREFACE: preface}
    unproven = Parameters("prefaced", VERSION, tensors, (), {})
    answers = tuple(HybridModel.unproven(unproven).known_answers())
    return HybridModel(replace(unproven, answers=answers))


PREFACED = with_preface(np.frombuffer(TEXT[:150], dtype=np.uint8))


@settings(max_examples=30)
@given(structured.filter(bool) | st.just(RECORDS) | st.just(TEXT))
def test_round_trip_after_a_preface(data: bytes) -> None:
    """One after the other: none leaves a trace in what the next one starts from."""
    assert restored(data, PREFACED) == data


def test_round_trip_of_large_segments_after_a_preface() -> None:
    """Larger than those whose beginning is kept, and then of the same size of table."""
    for size in (60_000, 70_000, 60_000, 140_000):
        data = (TEXT * 600)[:size]
        coded = codec.encode(PREFACED, data)
        assert codec.decode(PREFACED, coded.method, coded.payload, size) == data
        assert codec.encode(PREFACED, data).payload == coded.payload


def test_a_preface_is_read_before_text_as_if_it_were_coded() -> None:
    session = PREFACED.session(size=len(TEXT))
    whole = SWIFT.session(size=150 + len(TEXT))
    for byte in TEXT[:150]:
        whole.observe(byte)
    for byte in TEXT[:100]:
        assert (session.conditionals() == whole.conditionals()).all()
        session.observe(byte)
        whole.observe(byte)
    assert len(codec.encode(PREFACED, TEXT).payload) < len(codec.encode(SWIFT, TEXT).payload) // 4
    records = codec.encode(PREFACED, RECORDS).payload
    assert records == codec.encode(SWIFT, RECORDS).payload


@pytest.mark.parametrize(
    "preface",
    [np.zeros(5, np.int16), np.zeros((5, 2), np.uint8), np.zeros((1 << 20) + 1, np.uint8)],
)
def test_a_preface_that_is_none(preface: NDArray[Any]) -> None:
    with pytest.raises(ModelError, match="preface"):
        with_preface(preface)


def test_a_model_that_computes_otherwise_is_refused() -> None:
    wrong = Parameters("swift", VERSION, WEIGHTS.tensors, (b"x", b"y"), {})
    for direction in ("encode", "decode"):
        with pytest.raises(ModelError, match="other results"):
            HybridModel(wrong).prove(direction)


def test_a_model_of_another_version_is_refused() -> None:
    with pytest.raises(ModelError, match="version"):
        HybridModel(Parameters("swift", VERSION + 1, WEIGHTS.tensors, WEIGHTS.answers, {}))


@pytest.mark.parametrize("change", ["missing", "shape", "dtype"])
def test_a_model_that_lacks_a_part_is_refused(change: str) -> None:
    tensors = dict(WEIGHTS.tensors)
    weights = tensors.pop("text.weights")
    if change == "shape":
        tensors["text.weights"] = weights[:-1]
    elif change == "dtype":
        tensors["text.weights"] = weights.astype(np.int32)
    with pytest.raises(ModelError, match=r"text\.weights"):
        HybridModel(Parameters("swift", VERSION, tensors, WEIGHTS.answers, {}))


def test_every_reading_is_proven() -> None:
    listed = [span for sample in SAMPLES for span in proof.spans_of(sample)]
    assert {span.chosen.reading.name for span in listed} == {r.name for r in readings.READINGS}
    assert sum(span.size for span in listed) == sum(map(len, SAMPLES))


def test_every_change_of_a_file_is_an_error() -> None:
    """Each byte flipped in turn, and cut at every length."""
    good = arzip.compress(TEXT[:200])
    assert arzip.decompress(good) == TEXT[:200]
    for at in range(len(good)):
        with pytest.raises(ArzipError):
            arzip.decompress(
                good[:at] + bytes([good[at] ^ 0x40]) + good[at + 1 :], max_size=1 << 20
            )
        if at:
            with pytest.raises(ArzipError):
                arzip.decompress(good[:at])


def test_a_length_that_the_payload_cannot_hold_costs_no_time() -> None:
    """One changed byte may claim 64 MiB; decoding as much would take minutes."""
    payload = codec.encode(SWIFT, TEXT).payload
    start = time.monotonic()
    data = codec.decode(SWIFT, codec.MODELLED, payload, 1 << 26)
    assert time.monotonic() - start < 10
    assert len(data) < len(TEXT) + 100_000


def test_a_network_has_an_opinion_before_the_first_byte() -> None:
    """Wherever a span begins in which it takes part, though it has heard nothing."""
    base = registry.load("base")
    assert isinstance(base, HybridModel)
    predictor = base.predictor(9, Chosen(readings.typeset.READING, (), alone=True))
    network = predictor.network
    assert network is not None
    told = [network.activations.tree.tolist(), network.output_layer.tree.tolist()]
    assert predictor.state["trees"].tolist() == told
    assert all(max(tree) > 0 for tree in told)
