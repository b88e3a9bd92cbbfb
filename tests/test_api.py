"""The package as it is imported: bytes in memory, what is public, what importing it costs."""

import json
import math
import subprocess
import sys
import zlib
from array import array
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import Counts
from hypothesis import given
from hypothesis import strategies as st

import arzip

TEXT = b"the quick brown fox jumps over the lazy dog. " * 40

pytestmark = pytest.mark.usefixtures("registry")


@given(st.binary(max_size=2000) | st.text(max_size=2000).map(str.encode))
def test_bytes_come_back(model: Counts, data: bytes) -> None:
    assert arzip.decompress(arzip.compress(data, model=model), model=model) == data


@pytest.mark.parametrize("data", [b"", b"a", b"ab", TEXT, b"z" * 100_000])
def test_the_defaults(data: bytes) -> None:
    frame = arzip.compress(data)
    assert frame == arzip.compress(data, model="base", threads=2)
    assert arzip.decompress(frame) == arzip.decompress(frame, threads=2) == data
    assert len(frame) <= len(data) + 9


def test_the_level_is_the_second_argument() -> None:
    """As in gzip, bz2, zlib and zstd."""
    frame = arzip.compress(TEXT)
    for level in (5, 6, 7):
        assert arzip.compress(TEXT, level) == arzip.compress(TEXT, level=level) == frame
        assert arzip.evaluate(TEXT, level) == arzip.evaluate(TEXT)
    with pytest.raises(ValueError, match="level is 10: it must be 1 to 9"):
        arzip.compress(TEXT, 10)
    with pytest.raises(TypeError, match="level must be a whole number, not str"):
        arzip.compress(TEXT, "base")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "data",
    [
        bytearray(TEXT),
        memoryview(TEXT),
        memoryview(TEXT)[::2],
        np.frombuffer(TEXT, dtype=np.uint8),
        np.arange(600, dtype=">i4").reshape(20, 30),
        np.arange(600, dtype=np.float64).reshape(20, 30).T,
        np.zeros((3, 0)),
        np.array(7),
        array("d", [1.5, 2.5]),
    ],
    ids=lambda data: type(data).__name__,
)
def test_any_bytes_like_object(data: object) -> None:
    content = memoryview(data).tobytes()  # type: ignore[arg-type]
    frame = arzip.compress(data)  # type: ignore[arg-type]
    assert frame == arzip.compress(content)
    assert arzip.decompress(bytearray(frame)) == arzip.decompress(memoryview(frame)) == content


@pytest.mark.parametrize("data", ["text", None, 5, [1, 2]])
def test_what_is_not_bytes(data: object) -> None:
    for function in (arzip.compress, arzip.decompress, arzip.evaluate):
        with pytest.raises(TypeError):
            function(data)  # type: ignore[operator]


def test_every_changed_bit_of_a_small_file_is_found() -> None:
    for data in (b"", b"abc", b"zzzz", TEXT[:300]):
        frame = arzip.compress(data)
        for at in range(len(frame)):
            for flip in [*(1 << bit for bit in range(8)), 0xFF]:
                damaged = bytearray(frame)
                damaged[at] ^= flip
                with pytest.raises(arzip.ArzipError):
                    arzip.decompress(damaged)


@pytest.mark.parametrize("data", [b"", b"abc", b"zzzz", TEXT])
def test_every_truncation_and_any_garbage_is_found(data: bytes) -> None:
    frame = arzip.compress(data)
    for size in range(len(frame)):
        with pytest.raises(arzip.TruncatedError):
            arzip.decompress(frame[:size])
        with pytest.raises(EOFError):
            arzip.decompress(frame + frame[:size] if size else b"")
    for garbage in (b"\0garbage", b"garbage", frame[1:]):
        with pytest.raises(arzip.FormatError, match="after the end"):
            arzip.decompress(frame + garbage)


def test_frames_may_be_joined() -> None:
    parts = [TEXT, b"", b"z" * 50, b"abc"]
    assert arzip.decompress(b"".join(map(arzip.compress, parts))) == b"".join(parts)


def test_limits() -> None:
    frame = arzip.compress(TEXT)
    with pytest.raises(arzip.LimitError, match="output"):
        arzip.decompress(frame, max_size=len(TEXT) - 1)
    with pytest.raises(arzip.LimitError, match="memory"):
        arzip.decompress(frame, max_memory=1000)
    assert arzip.decompress(frame, max_size=len(TEXT), max_memory=1_000_000) == TEXT


def test_evaluate_says_what_the_interface_says() -> None:
    report = arzip.evaluate(TEXT)
    said = json.loads(json.dumps(report.to_dict()))
    assert list(said) == [
        "bytes",
        "model",
        "nll_nats",
        "cross_entropy",
        "perplexity",
        "payload_bytes",
        "file_bytes",
        "achieved",
        "overhead_bits",
        "entropy_order0",
        "readings",
    ]
    assert list(said["overhead_bits"]) == ["quantisation", "termination", "container"]
    assert (said["bytes"], said["model"]) == (len(TEXT), "counts")


def test_evaluate_accounts_for_what_compress_makes() -> None:
    items = (1000 * np.sin(np.arange(3000) / 40)).astype("<i2")
    for arguments in (
        {"data": items},
        {"data": items.tobytes(), "itemsize": 2, "shape": (3000, 1)},
        {"data": zlib.compress(TEXT)},
        {"data": zlib.compress(TEXT), "unpack": False},
    ):
        report = arzip.evaluate(**arguments)  # type: ignore[arg-type]
        frame = arzip.compress(**arguments)  # type: ignore[arg-type]
        assert report.to_dict()["file_bytes"] == len(frame)


def test_evaluate_adds_up(model: Counts) -> None:
    report = arzip.evaluate(TEXT, model=model)
    nll = report.nll_nats / math.log(2)
    assert report.file_bytes == len(arzip.compress(TEXT, model=model))
    assert 8 * report.file_bytes == pytest.approx(nll + sum(report.overhead_bits.values()))
    assert 8 * (report.file_bytes - report.payload_bytes) == report.overhead_bits["container"]
    assert report.cross_entropy == pytest.approx(nll / len(TEXT))
    assert report.perplexity == pytest.approx(2**report.cross_entropy)
    assert report.achieved == 8 * report.file_bytes / len(TEXT)
    assert report.overhead_bits["container"] <= 8 * 16
    # The whole gap between the model and the coder's output.
    assert 0 < 8 * report.payload_bytes - nll < 2e-4 * len(TEXT) + 64


def test_entropy_of_order_0() -> None:
    assert arzip.evaluate(b"ab" * 500).entropy_order0 == pytest.approx(1.0)
    assert arzip.evaluate(bytes(range(256))).entropy_order0 == pytest.approx(8.0)
    assert arzip.evaluate(b"aaab").entropy_order0 == pytest.approx(2 - 0.75 * math.log2(3))


def test_evaluate_nothing() -> None:
    report = arzip.evaluate(b"")
    assert (report.bytes, report.nll_nats, report.payload_bytes) == (0, 0.0, 0)
    assert (report.cross_entropy, report.perplexity) == (0.0, 1.0)
    assert (report.achieved, report.entropy_order0) == (0.0, 0.0)
    assert report.overhead_bits["container"] == 8 * report.file_bytes


def test_random_bytes_have_the_uniform_model() -> None:
    data = np.random.default_rng(0).bytes(50_000)
    report = arzip.evaluate(data)
    assert report.cross_entropy == 8.0
    assert report.nll_nats == pytest.approx(8 * len(data) * math.log(2))


def test_load_model(model: Counts, registry: SimpleNamespace) -> None:
    assert arzip.load_model() is arzip.load_model("base") is model
    with pytest.raises(arzip.ModelError):
        arzip.load_model("nonesuch")


def test_errors_share_a_base() -> None:
    for name in ("FormatError", "ChecksumError", "ModelError", "LimitError"):
        assert getattr(arzip, name).__base__ is arzip.ArzipError
    assert issubclass(arzip.TruncatedError, arzip.FormatError)
    assert issubclass(arzip.TruncatedError, EOFError)


def test_all_that_is_public_is_there() -> None:
    for name in arzip.__all__:
        assert getattr(arzip, name) is not None
    assert set(arzip.__all__) <= set(dir(arzip))
    with pytest.raises(AttributeError, match="nonesuch"):
        _ = arzip.nonesuch


def test_importing_loads_nothing_large() -> None:
    program = (
        "import sys, time; before = set(sys.modules); begin = time.process_time(); import arzip;"
        "seconds = time.process_time() - begin;"
        "new = {name.split('.')[0] for name in set(sys.modules) - before};"
        "print(seconds, *sorted(new & {'numpy', 'numba', 'torch', 'constriction', 'xxhash'}))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    seconds, *loaded = run.stdout.split()
    assert loaded == []
    assert float(seconds) < 0.1
