"""The shortcuts of a session give what all 256 conditionals give, and leave no trace."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import arzip
from arzip.models.explore.session import PredictorSession
from arzip.models.explore.stepwise import Stepwise

TEXT = b"It was the best of times, it was the worst of times.\n1,2,3;\tCamelCase\r\n" * 3
SIZE = 4096


def session(name: str = "swift", prompt: bytes = b"") -> PredictorSession:
    started = arzip.load_model(name).session(size=SIZE)
    started.explain(prompt, 0)
    return started  # type: ignore[no-any-return]


@settings(max_examples=25)
@given(st.binary(max_size=40), st.sampled_from([1, 2, 5, 40, 256]))
def test_the_leading_bytes_are_those_of_sorting_all(prompt: bytes, count: int) -> None:
    started = session(prompt=prompt)
    values, freq = started.leading(count)
    expected = Stepwise(started).leading(count)
    assert values.tolist() == expected[0].tolist()
    assert freq.tolist() == expected[1].tolist()


@pytest.mark.parametrize("name", ["swift", "base"])
def test_looking_leaves_no_trace(name: str) -> None:
    looking, blind = session(name), session(name)
    for byte in TEXT[:150]:
        looking.leading(3)
        looking.observe(byte)
        blind.observe(byte)
    assert (looking.conditionals() == blind.conditionals()).all()


@pytest.mark.parametrize("name", ["swift", "base"])
def test_explaining_is_looking_and_observing(name: str) -> None:
    explained = session(name).explain(TEXT[:120], 4)
    stepwise = Stepwise(session(name)).explain(TEXT[:120], 4)
    assert (explained.values == stepwise.values).all()
    assert (explained.freq == stepwise.freq).all()
    # The one is before, the other after probabilities became whole units.
    assert explained.likelihood == pytest.approx(stepwise.likelihood, rel=1e-3, abs=2**-23)


def test_likelihoods_are_those_of_compressing() -> None:
    model = arzip.load_model("swift")
    started = model.session(size=len(TEXT))
    _, coded = model.encode(np.frombuffer(TEXT, dtype=np.uint8))
    assert -np.log2(started.explain(TEXT, 0).likelihood).sum() == pytest.approx(coded.nll)


@pytest.mark.parametrize("name", ["swift", "base"])
def test_a_fork_goes_its_own_way(name: str) -> None:
    started = session(name, TEXT)
    fork = started.fork()
    before = started.conditionals()
    fork.explain(b"something else entirely", 0)
    assert (started.conditionals() == before).all()
    again = session(name, TEXT + b"something else entirely")
    assert (fork.conditionals() == again.conditionals()).all()


def test_a_session_outgrows_its_size_in_pieces() -> None:
    started = arzip.load_model("swift").session(size=10)
    started.explain(TEXT, 0)
    assert started.conditionals().sum(dtype=np.int64) == (1 << 24) - 2
