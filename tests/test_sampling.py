"""Sampling: what is drawn follows the conditionals, and each way of narrowing them does its own."""

import itertools
import math
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from conftest import UNITS, Counts, quantise
from numpy.typing import NDArray

import arzip
from arzip.analysis.sampling import Sampling

PROMPT = b"It is a truth universally acknowledged, that a"


class Letters:
    """A model whose only symbols to speak of are a, b and c; which follows which, `rows` says."""

    name = "letters"

    def __init__(self, rows: dict[bytes, tuple[int, int, int]]) -> None:
        self._rows = rows

    def session(self) -> "LettersSession":
        return LettersSession(self._rows)


class LettersSession:
    def __init__(self, rows: dict[bytes, tuple[int, int, int]]) -> None:
        self._rows = rows
        self.seen = b""

    def conditionals(self) -> NDArray[np.uint32]:
        counts = np.zeros(256, dtype=np.int64)
        counts[97:100] = self._rows.get(self.seen[-1:], (1, 1, 1))
        return quantise(counts).astype(np.uint32)

    def observe(self, byte: int) -> None:
        self.seen += bytes([byte])


# The likeliest first letter, a, leads to nothing certain: greedy walks into it.
GARDEN = Letters({b"": (5, 4, 1), b"a": (4, 3, 3), b"b": (1, 9, 90), b"c": (1, 1, 8)})


def likelihood(model: Letters, data: bytes) -> int:
    session, product = model.session(), 1
    for byte in data:
        product *= int(session.conditionals()[byte])
        session.observe(byte)
    return product


def sample(model: object, **how: object) -> bytes:
    return arzip.sample(model, **how)  # type: ignore[arg-type]


def test_the_same_seed_gives_the_same_bytes(model: Counts) -> None:
    first = sample(model, n=300, seed=5)
    assert len(first) == 300
    assert first == sample(model, n=300, seed=5)
    assert first != sample(model, n=300, seed=6)
    assert sample(model, n=100, seed=5) == first[:100]


def test_the_bytes_that_a_seed_gives_everywhere(model: Counts) -> None:
    """As made elsewhere: random numbers, frequencies and weights are all whole."""
    again = b"aab" * 100
    assert sample(model, n=12, seed=1) == b"\x83\xf3$\xf2Ol\xd3h\x8c\x07\xc0\x89"
    assert sample(model, prompt=again, n=20, seed=2) == b"aabaabaaabaaabaa\xb4baa"
    narrowed = sample(model, prompt=again[:180], n=12, seed=1, temperature=0.25, top_p=0.7)
    assert narrowed == b"baaaaaaaaaaa"


def test_frequencies_follow_the_conditionals() -> None:
    """Chi-squared over 255 degrees of freedom: above 350 once in 20,000 times."""
    counts = np.arange(1, 257)
    skewed = quantise(counts)

    class Session:
        def conditionals(self) -> NDArray[np.uint32]:
            return skewed.astype(np.uint32)

        def observe(self, byte: int) -> None:
            pass

    class Fixed:
        session = staticmethod(Session)

    n = 50_000
    drawn = np.bincount(np.frombuffer(sample(Fixed(), n=n), dtype=np.uint8), minlength=256)
    expected = n * skewed / UNITS
    assert ((drawn - expected) ** 2 / expected).sum() < 350


def test_frequencies_after_a_temperature() -> None:
    """p^(1/T): 3 : 2 : 1 becomes 9 : 4 : 1 at T = 1/2. Two degrees of freedom, 25: 4e-6."""
    model = Letters(dict.fromkeys((b"", b"a", b"b", b"c"), (3, 2, 1)))
    n = 7000
    drawn = Counter(sample(model, n=n, temperature=0.5))
    expected = {97: n * 9 / 14, 98: n * 4 / 14, 99: n / 14}
    assert set(drawn) <= set(expected)
    assert sum((drawn[byte] - e) ** 2 / e for byte, e in expected.items()) < 25


@pytest.mark.parametrize("name", ["fast", "swift", "base"])
def test_greedy_is_the_limit_of_the_others(name: str) -> None:
    greedy = arzip.sample(name, PROMPT, 25, greedy=True)
    assert greedy == arzip.sample(name, PROMPT, 25, top_k=1)
    assert greedy == arzip.sample(name, PROMPT, 25, temperature=1e-4)
    assert greedy == arzip.sample(name, PROMPT, 25, top_p=1e-9)
    session = arzip.load_model(name).session()
    for byte in PROMPT:
        session.observe(byte)
    for byte in greedy[:10]:
        assert byte == session.conditionals().argmax()
        session.observe(byte)


@pytest.mark.parametrize("p", [0.05, 0.5, 0.9, 0.999, 1.0])
def test_top_p_keeps_the_smallest_set_with_that_mass(p: float) -> None:
    weights = sorted(int(w) for w in np.random.default_rng(3).zipf(1.5, 256) % 1000 + 1)
    counts = np.array(weights)
    frequencies = quantise(counts)

    class Session:
        def conditionals(self) -> NDArray[np.uint32]:
            return frequencies.astype(np.uint32)

        def observe(self, byte: int) -> None:
            pass

    class Fixed:
        session = staticmethod(Session)

    drawn = set(sample(Fixed(), n=5000, top_p=p))
    descending = sorted(frequencies.tolist(), reverse=True)
    enough = math.ceil(Fraction(p) * UNITS)
    size = next(k for k in range(1, 257) if sum(descending[:k]) >= enough)
    kept = np.argsort(-frequencies, kind="stable")[:size].tolist()
    assert drawn <= set(kept)
    rarest = frequencies[kept[-1]] / frequencies[kept].sum()
    assert drawn == set(kept) or 5000 * rarest < 15, "each of them comes, if not too rare"


def test_top_k_keeps_the_k_likeliest() -> None:
    model = Letters(dict.fromkeys((b"", b"a", b"b", b"c"), (3, 2, 1)))
    assert set(sample(model, n=500, top_k=2)) == set(b"ab")
    assert set(sample(model, n=500, top_k=3)) == set(b"abc")
    assert set(sample(model, n=500, top_k=3, top_p=0.6)) == set(b"ab"), "both hold"


def test_all_of_it_is_no_narrowing() -> None:
    assert arzip.sample("swift", PROMPT, 30, top_k=256, top_p=1.0) == arzip.sample(
        "swift", PROMPT, 30
    )


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_beam_search_wide_enough_is_exhaustive(n: int) -> None:
    best = max(
        (bytes(word) for word in itertools.product(b"abc", repeat=n)),
        key=lambda word: (likelihood(GARDEN, word), [-byte for byte in word]),
    )
    assert sample(GARDEN, n=n, beam=3 ** (n - 1)) == best


def test_beam_search_sees_what_greedy_does_not() -> None:
    greedy, beam = sample(GARDEN, n=2, greedy=True), sample(GARDEN, n=2, beam=2)
    assert (greedy, beam) == (b"aa", b"bc")


@pytest.mark.parametrize("beam", [1, 2, 3, 5])
@pytest.mark.parametrize("seed", range(6))
def test_beam_search_is_never_less_likely_than_greedy(seed: int, beam: int) -> None:
    rng = np.random.default_rng(seed)
    model = Letters(
        {letter: tuple(rng.integers(1, 50, 3).tolist()) for letter in (b"", b"a", b"b", b"c")}
    )
    for n in (1, 3, 6):
        greedy = sample(model, n=n, greedy=True)
        assert likelihood(model, sample(model, n=n, beam=beam)) >= likelihood(model, greedy)


def test_beam_search_of_a_real_model() -> None:
    def code_length(data: bytes) -> float:
        session = arzip.load_model("swift").session(size=4096)
        session.explain(PROMPT, 0)
        return float(-np.log2(session.explain(data, 0).likelihood).sum())

    greedy = arzip.sample("swift", PROMPT, 12, greedy=True)
    found = arzip.sample("swift", PROMPT, 12, beam=3)
    assert code_length(found) <= code_length(greedy)
    assert arzip.sample("swift", PROMPT, 12, beam=1) == greedy


def test_nothing_is_asked_for() -> None:
    assert arzip.sample("swift", PROMPT, 0) == arzip.sample("swift", PROMPT, 0, beam=2) == b""


@pytest.mark.parametrize(
    ("how", "range"),
    [
        ({"temperature": 0}, "above 0"),
        ({"temperature": -1.0}, "above 0"),
        ({"temperature": math.nan}, "above 0"),
        ({"temperature": math.inf}, "finite"),
        ({"top_k": 0}, "1 to 256"),
        ({"top_k": 257}, "1 to 256"),
        ({"top_p": 0.0}, "above 0 and at most 1"),
        ({"top_p": 1.1}, "above 0 and at most 1"),
        ({"top_p": math.nan}, "above 0 and at most 1"),
        ({"beam": 0}, "1 to 64"),
        ({"seed": -1}, "0 or more"),
        ({"greedy": True, "beam": 2}, "choose one"),
        ({"greedy": True, "temperature": 0.5}, "choose one"),
        ({"beam": 2, "top_k": 5}, "choose one"),
    ],
)
def test_what_is_out_of_range(how: dict[str, object], range: str) -> None:
    with pytest.raises(ValueError, match=range):
        Sampling(**how)  # type: ignore[arg-type]


def test_a_negative_number_of_bytes() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        arzip.sample("swift", b"", -1)
