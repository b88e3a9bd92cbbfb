"""Drawing, compiled: the arithmetic of weights, and that both ways to draw draw the same."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import arzip
from arzip.models.explore.draw import Choice, weigh
from arzip.models.explore.protocol import Explorer
from arzip.models.explore.stepwise import Stepwise

UNITS = (1 << 24) - 2
PROMPT = b"The cat sat on the mat. The cat sat on the"
RAWS = np.random.PCG64(7).random_raw(600)

CHOICES = [
    Choice(),
    Choice(count=1),
    Choice(count=3),
    Choice(mass=UNITS * 9 // 10),
    Choice(count=10, mass=UNITS // 2),
    Choice(temperature=Fraction(1, 2)),
    Choice(temperature=Fraction(3, 2)),
    Choice(count=20, temperature=Fraction(1, 10)),
]


def session(name: str) -> Explorer:
    started = arzip.load_model(name).session(size=4096)
    started.explain(PROMPT, 0)
    return started  # type: ignore[no-any-return]


@pytest.mark.parametrize("choice", CHOICES)
def test_compiled_and_stepwise_draw_the_same(choice: Choice) -> None:
    compiled = session("swift").draw(RAWS, 60, choice)
    assert compiled == Stepwise(session("swift")).draw(RAWS, 60, choice)  # type: ignore[arg-type]
    assert len(compiled[0]) == 60


def test_the_network_draws_too() -> None:
    drawn, used = session("base").draw(RAWS, 40, Choice())
    assert (drawn, used) == Stepwise(session("base")).draw(RAWS, 40, Choice())  # type: ignore[arg-type]


@pytest.mark.parametrize("choice", CHOICES[:4])
def test_when_numbers_run_out_it_goes_on_with_the_next(choice: Choice) -> None:
    whole, _ = session("swift").draw(RAWS, 50, choice)
    pieces, started, at = b"", session("swift"), 0
    while len(pieces) < 50:
        drawn, used = started.draw(RAWS[at : at + 7], 50 - len(pieces), choice)
        pieces, at = pieces + drawn, at + used
    assert pieces == whole


def weights(freq: list[int], temperature: Fraction) -> list[int]:
    array = np.array(freq, dtype=np.int64)
    total = weigh(array, array.size, Choice(temperature=temperature).inverse)
    assert total == array.sum()
    return array.tolist()  # type: ignore[no-any-return]


@given(
    st.lists(st.integers(1, 1 << 23), min_size=1, max_size=8),
    st.fractions(Fraction(1, 20), 20, max_denominator=100),
)
def test_weights_are_powers(freq: list[int], temperature: Fraction) -> None:
    freq = sorted(freq, reverse=True)
    if temperature == 1:
        assert weights(freq, temperature) == freq
        return
    for weight, f in zip(weights(freq, temperature), freq, strict=True):
        exact = 2**24 * (f / freq[0]) ** float(1 / temperature)
        assert abs(weight - exact) <= 1 + 5e-4 * exact  # rounded down, from rounded logarithms


def test_weights_are_these_on_every_machine() -> None:
    assert weights([9_000_000, 5_000_000, 77, 1], Fraction(1, 2)) == [16777216, 5178188, 0, 0]
    assert weights([9_000_000, 5_000_000, 77, 1], Fraction(3)) == [
        16777216,
        13792170,
        343159,
        80663,
    ]


@given(st.fractions(Fraction(1, 20), 4, max_denominator=100), st.integers(1, 1 << 24))
def test_what_is_left_out_for_a_temperature_has_no_weight(t: Fraction, largest: int) -> None:
    choice = Choice(temperature=t)
    small = (largest >> choice.shift) - 1
    if t != 1 and small >= 1:
        assert weights([largest, small], t)[1] == 0
