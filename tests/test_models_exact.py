"""Exact tables: floating point only where it says the same."""

import hashlib
import math

import numpy as np
import pytest

from arzip.models.bits import odds, values
from arzip.models.network import functions
from arzip.models.numbers.exact import ONE, exponential, logarithm, rounded, table


def test_series() -> None:
    for numerator, denominator in ((0, 1), (1, 256), (1, 1), (5, 2)):
        assert exponential(numerator, denominator) / ONE == math.exp(numerator / denominator)
    for value in (1.0, 1.25, 1.999):
        assert logarithm(int(value * ONE)) / ONE == pytest.approx(math.log(value), abs=1e-15)
    assert [rounded(ONE * n // 8, 2) for n in range(5)] == [0, 1, 1, 2, 2]


def test_a_table_is_the_exact_one() -> None:
    calls = []

    def exact() -> list[int]:
        calls.append(1)
        return [1, 2, 3]

    digest = hashlib.sha256(np.array([1, 2, 3], dtype="<i4").tobytes()).hexdigest()[:32]
    assert table(np.array([1.4, 1.6, 3.0]), digest, exact).tolist() == [1, 2, 3]
    assert not calls
    assert table(np.array([1.6, 1.6, 3.0]), digest, exact).tolist() == [1, 2, 3]
    assert calls


def test_digests_are_those_of_the_exact_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """What floating point is held against; made here as where it would be wrong."""

    def exactly(approximate: object, digest: str, exact: object) -> object:
        assert callable(exact)
        made = np.array(exact(), dtype=np.int32)
        assert hashlib.sha256(made.astype("<i4").tobytes()).hexdigest()[:32] == digest
        return made

    monkeypatch.setattr(functions, "table", exactly)
    monkeypatch.setattr(odds, "table", exactly)
    monkeypatch.setattr(values, "table", exactly)
    assert (functions._sigmoid() == functions.SIGMOID).all()
    assert (functions._exp2() == functions.EXP2).all()
    assert (functions._ln() == functions.LN).all()
    assert (odds._squash() == odds.SQUASH).all()
    assert (values._curve() == values.L).all()
