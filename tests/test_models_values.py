"""The value experts: the log-odds are those of a logistic distribution, and of a histogram."""

import math

import numpy as np
import pytest

from arzip.models.bits import values
from arzip.models.bits.state import COUNTS, LAYOUTS
from arzip.readings import READINGS, pixels, samples
from arzip.readings.reading import USUAL
from arzip.readings.values import UNIT, expect, note_residuals

SCALE = 1 / (2 * math.log(2))  # of a logistic distribution whose mean error is 1


def probability(low: float, high: float, value: float, spread: float) -> float:
    """Of a number from `low` to `high`, in floating point."""

    def below(x: float) -> float:
        z = (x - value) / (spread * SCALE)
        return 1 / (1 + math.exp(-z)) if z > 0 else math.exp(z) / (1 + math.exp(z))

    return below(high) - below(low)


def new_state(reading: object) -> np.void:
    state = np.zeros(1, dtype=LAYOUTS[USUAL])[0]
    state["reading"] = next(k for k, r in enumerate(READINGS) if r is reading)
    state["partial"] = 1
    state["sharpness"] = 1
    return state


def test_the_curve_is_the_function_it_stands_for() -> None:
    z = np.arange(len(values.L)) / 256
    assert np.abs(values.L - 4096 * np.log(2 * np.cosh(z / 2))).max() <= 0.51


@pytest.mark.parametrize("value", [-30.0, 0.0, 3.5, 128.25, 300.0])
@pytest.mark.parametrize("spread", [0.5, 4.0, 90.0])
def test_bits_of_a_byte(value: float, spread: float) -> None:
    state = new_state(pixels.READING)
    for k in range(pixels.READING.values):
        expect(state, k, int(value * UNIT), int(spread * UNIT))
    first = COUNTS + 3 * pixels.READING.contexts
    for byte in (0, 3, 77, 128, 255):
        state["partial"], state["bit"] = 1, 0
        low, width = 0, 256
        for bit in range(8):
            values.predict(state)
            middle = low + width / 2
            upper = probability(middle - 0.5, low + width - 0.5, value, spread)
            lower = probability(low - 0.5, middle - 0.5, value, spread)
            if min(upper, lower) > 1e-9:
                odds = max(min(math.log(upper / lower), 8), -8)
                said = state["inputs"][first : first + pixels.READING.values] / 256
                assert said == pytest.approx(odds, abs=0.03 + 0.02 * abs(odds))
            y = byte >> (7 - bit) & 1
            low, width = low + y * width // 2, width // 2
            state["partial"], state["bit"] = 2 * state["partial"] + y, bit + 1


def test_bits_of_the_second_byte_of_a_number() -> None:
    state = new_state(samples.READING)
    for k in range(samples.READING.values):
        expect(state, k, 20_010 * UNIT, 40 * UNIT)
    state["number"], state["bytes_after"] = 20_010 >> 8, 0
    values.predict(state)
    start = 20_010 >> 8 << 8
    upper = probability(start + 127.5, start + 255.5, 20_010, 40)
    lower = probability(start - 0.5, start + 127.5, 20_010, 40)
    said = state["inputs"][COUNTS + 3 * samples.READING.contexts] / 256
    assert said == pytest.approx(math.log(upper / lower), abs=0.03)


def test_a_histogram_learns_what_residuals_there_are() -> None:
    state = new_state(pixels.READING)
    second = COUNTS + 3 * pixels.READING.contexts + pixels.READING.values
    state["residual_of"] = 250
    for _ in range(40):
        note_residuals(state, 250 + 10 - 256, 1)  # around the circle
    bits = [int(b) for b in f"{4:08b}"]
    for bit, y in enumerate(bits):
        state["bit"] = bit
        values.predict(state)
        assert (state["inputs"][second] > 256) == bool(y)
        state["partial"] = 2 * state["partial"] + y


def test_a_histogram_forgets() -> None:
    state = new_state(pixels.READING)
    for _ in range(10_000):
        note_residuals(state, 1, 1)
    sums = state["residual_sums"][0]
    assert sums[256] <= 1 << 16 and (np.diff(sums) >= 0).all()
