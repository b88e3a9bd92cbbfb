"""Recursive least squares: as floating point solves it, and never out of bounds."""

import numpy as np
import pytest

from arzip.readings import leastsquares

FORGET = 7


def follow(
    inputs: np.ndarray, goals: np.ndarray, solved: int, number: type = np.int64
) -> np.ndarray:
    """Return what is expected of each goal before it is known."""
    size = inputs.shape[1]
    products = np.zeros((size + 1, size), dtype=number)
    weights = np.zeros(size, dtype=number)
    inputs = inputs.astype(number)
    learn = leastsquares.learn if number is np.int64 else leastsquares.learn_short
    expected = []
    for t, (x, y) in enumerate(zip(inputs, goals, strict=True)):
        expected.append(leastsquares.predict(weights, x) / 16)
        learn(products, weights, x, int(y), FORGET, 6, solved * t, solved)
    return np.array(expected)


def solve(inputs: np.ndarray, goals: np.ndarray) -> np.ndarray:
    """The same by solving the equations anew at each step, in floating point."""
    share, size = 1 - 2.0**-FORGET, inputs.shape[1]
    products, expected = np.zeros((size, size)), []
    with_goals, weights = np.zeros(size), np.zeros(size)
    for x, y in zip(inputs.astype(float), goals, strict=True):
        expected.append(weights @ x)
        products = share * products + np.outer(x, x)
        with_goals = share * with_goals + y * x
        weights = np.linalg.solve(products + np.eye(size), with_goals)
    return np.array(expected)


@pytest.mark.parametrize("solved", [2, 5])
def test_as_good_as_solving_the_equations(solved: int) -> None:
    rng = np.random.default_rng(1)
    inputs = rng.integers(-90, 90, (900, 5))
    inputs[:, 1] += inputs[:, 0]  # not independent
    true = np.where(np.arange(900)[:, None] < 450, [0.5, -1, 0.25, 0, 2], [1, 0, 0, 0.5, -0.5])
    goals = np.rint((inputs * true).sum(axis=1)).astype(np.int64)
    ours, theirs = follow(inputs, goals, solved), solve(inputs, goals)
    ours, theirs = np.abs(ours - goals), np.abs(theirs - goals)
    for part in (slice(200, 450), slice(850, 900)):  # in the second it has to forget the first
        assert ours[part].mean() < 1.1 * theirs[part].mean() + 0.5
    assert ours[850:].mean() < 0.1 * ours[450:500].mean()


def test_numbers_of_32_bits_are_enough_for_bytes() -> None:
    rng = np.random.default_rng(3)
    inputs = rng.choice([-255, 255], (1000, 6))
    goals = rng.choice([-255, 255], 1000)
    assert (follow(inputs, goals, 3, np.int32) == follow(inputs, goals, 3)).all()


def test_extreme_inputs_keep_weights_in_bounds() -> None:
    rng = np.random.default_rng(2)
    inputs = rng.choice([-(1 << 16), 1 << 16], (3000, 16))
    products, weights = np.zeros((17, 16), dtype=np.int64), np.zeros(16, dtype=np.int64)
    for t, x in enumerate(inputs):
        leastsquares.learn(products, weights, x, int(inputs[t - 1, 0]), 10, 0, 0, 16)
        assert np.abs(weights).max() <= 8 << 16
