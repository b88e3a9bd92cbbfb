"""The integer tables are the functions they stand for."""

import hashlib

import numpy as np

from arzip.models.bits.odds import LIMIT, ONE, SQUASH, STRETCH, STRETCH_BITS


def test_squash_is_the_logistic_function() -> None:
    odds = np.arange(-LIMIT, LIMIT + 1) / 256
    assert np.abs(SQUASH - ONE / (1 + np.exp(-odds))).max() <= 1


def test_squash_is_symmetric_and_monotonic() -> None:
    assert (SQUASH + SQUASH[::-1] == ONE).all()
    assert (np.diff(SQUASH) >= 0).all()
    assert SQUASH[0] > 0


def test_stretch_undoes_squash() -> None:
    p = (np.arange(1 << STRETCH_BITS) + 0.5) / (1 << STRETCH_BITS)
    odds = (256 * np.log(p / (1 - p))).clip(-2047, 2047)
    assert np.abs(STRETCH - odds).max() <= 1


def test_the_tables_are_the_same_everywhere() -> None:
    """What they hold is part of the format: a change of one number makes files unreadable."""
    digest = hashlib.sha256(SQUASH.astype("<i4").tobytes() + STRETCH.astype("<i4").tobytes())
    assert digest.hexdigest()[:16] == "da9a3ca1cd723db3"
