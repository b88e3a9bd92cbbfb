"""One segment: the method is chosen well, both directions agree, and the account adds up."""

import math
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
import pytest
from conftest import Counts
from hypothesis import given
from hypothesis import strategies as st

from arzip import codec, coder
from arzip.codec import MODELLED, RUN, STORED, CodeLength, Prediction
from arzip.errors import FormatError, ModelError

TEXT = b"the quick brown fox jumps over the lazy dog. " * 40


def random_bytes(n: int, seed: int = 0) -> bytes:
    return np.random.default_rng(seed).bytes(n)


@given(st.binary(max_size=600) | st.text(max_size=600).map(str.encode))
def test_every_segment_comes_back(model: Counts, data: bytes) -> None:
    coded = codec.encode(model, data)
    assert codec.decode(model, coded.method, coded.payload, len(data)) == data
    assert len(coded.payload) <= len(data)
    assert coded.account.payload == 8 * len(coded.payload)


@pytest.mark.parametrize(
    ("data", "method"),
    [
        (b"", STORED),
        (b"a", RUN),
        (b"a" * 100_000, RUN),
        (b"ab", STORED),
        (TEXT, MODELLED),
        (random_bytes(100), STORED),
        (random_bytes(100_000), STORED),
    ],
)
def test_the_method_that_suits(model: Counts, data: bytes, method: int) -> None:
    assert codec.encode(model, data).method == method


def test_the_account_of_a_modelled_segment(model: Counts) -> None:
    data = TEXT * 10
    coded = codec.encode(model, data)
    session = model.session()
    quantised = 24 - math.log2(coder.byte_intervals(b"\x08", 8)[1][0])  # what a decoder is told
    for byte in data:
        quantised -= math.log2(session.conditionals()[byte] / (1 << 24))
        session.observe(byte)
    account = coded.account
    assert account.quantised == pytest.approx(quantised)
    assert account.model == pytest.approx(quantised, rel=1e-4)
    assert len(coded.payload) * 8 - account.quantised < 2e-4 * len(data) + 8 + 8


@pytest.mark.parametrize(("data", "bits"), [(b"", 0), (b"zz", 8), (random_bytes(5000), 40_000)])
def test_the_account_without_a_model(model: Counts, data: bytes, bits: int) -> None:
    assert codec.encode(model, data).account == CodeLength(bits, bits, bits)


def test_code_lengths_add() -> None:
    assert CodeLength(1, 2, 3) + CodeLength(10, 20, 30) == CodeLength(11, 22, 33)
    assert CodeLength() + CodeLength(1, 2, 3) == CodeLength(1, 2, 3)


@pytest.mark.parametrize(
    ("method", "payload", "n"),
    [(STORED, b"abc", 2), (STORED, b"abc", 4), (RUN, b"", 3), (RUN, b"ab", 3), (MODELLED, b"", 3)],
)
def test_a_payload_that_does_not_fit_its_method(
    model: Counts, method: int, payload: bytes, n: int
) -> None:
    with pytest.raises(FormatError):
        codec.decode(model, method, payload, n)


@given(payload=st.binary(min_size=1, max_size=50), n=st.integers(1, 400))
def test_any_payload_gives_bytes_or_an_error(model: Counts, payload: bytes, n: int) -> None:
    try:
        assert len(codec.decode(model, MODELLED, payload, n)) == n
    except FormatError as error:
        assert str(error) == "impossible weight"


class Lazy(Counts):
    """A broken model, which skips the last byte."""

    def encode(self, data: np.ndarray) -> Iterator[Prediction]:
        return super().encode(data[:-1])


class Careless(Counts):
    """A broken model, to which one byte is impossible."""

    def encode(self, data: np.ndarray) -> Iterator[Prediction]:
        for prediction in super().encode(data):
            prediction.freq[-1] = 0
            yield prediction


@pytest.mark.parametrize("broken", [Lazy(), Careless()])
def test_a_broken_model_is_an_error(broken: Counts) -> None:
    with pytest.raises(ModelError):
        codec.encode(broken, TEXT)


def test_storing_runs_at_more_than_50_mb_per_second(model: Counts) -> None:
    data = random_bytes(1 << 24)
    seconds = []
    for _ in range(3):
        begin = time.process_time()  # not the time that other processes take
        assert codec.encode(model, data).method == STORED
        seconds.append(time.process_time() - begin)
    assert len(data) / min(seconds) > 50e6


CODING = """
import os
import arzip
from arzip import codec, coder
swift = arzip.load_model("swift")
noise = os.urandom(1 << 22)
swift.prove("encode")
swift.prove("decode")
print("begun", flush=True)
{work}
"""


@pytest.mark.parametrize(
    "work",
    [
        "arzip.compress(noise.hex().encode(), model=swift)",
        "arzip.compress(noise.hex().encode(), model=swift, threads=2)",
        "codec.decode(swift, codec.MODELLED, bytes([128]) + noise, 1 << 25)",  # as text
    ],
)
def test_ctrl_c_ends_work_within_a_segment(work: str) -> None:
    """Compiled code cannot be interrupted, so it is called for a piece at a time."""
    process = subprocess.Popen(
        [sys.executable, "-c", CODING.format(work=work)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout is not None and process.stdout.readline() == b"begun\n"
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    start = time.monotonic()
    messages = process.communicate(timeout=60)[1]
    assert messages.endswith(b"KeyboardInterrupt\n")
    assert time.monotonic() - start < 5, "a segment takes half a minute"
