"""Windows in a row."""

import numpy as np
import pytest

from arzip.readings.windows import stretches


@pytest.mark.parametrize(
    ("is_so", "expected"),
    [
        ([], []),
        ([0, 0], []),
        ([1], [(0, 13)]),
        ([1, 1, 0, 1], [(0, 20), (30, 43)]),
        ([0, 1, 0], [(10, 20)]),
    ],
)
def test_they_are_parts_in_bytes(is_so: list[int], expected: list[tuple[int, int]]) -> None:
    assert stretches(np.array(is_so, dtype=bool), 10, 10 * len(is_so) + 3) == expected
