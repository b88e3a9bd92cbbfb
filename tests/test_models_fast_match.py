"""The match of `fast`: found a byte late, followed while it holds, trusted when it earned that."""

import numpy as np

from arzip.models.fast import contexts, layout, match, predictor
from arzip.models.fast.predictor import Predictor
from arzip.readings import TEXT

BANKS = {bank: layout.unfitted() for bank in layout.BANKS}


def followed(data: bytes) -> tuple[Predictor, list[tuple[int, int, int]]]:
    """Return a predictor after the data; and length, expected byte and is_sure before each."""
    array = np.frombuffer(data, dtype=np.uint8)
    at = predictor.new_predictor(BANKS, array.size, TEXT).with_data(array)
    seen = []
    for byte in data:
        match.follow(at.state, at.data, at.positions)
        state = at.state
        seen.append((int(state["match_length"]), int(state["expected"]), int(state["is_sure"])))
        match.note(state, byte)
        contexts.observe(state, byte)
    return at, seen


def test_what_comes_again_is_expected() -> None:
    piece = b"In the beginning the universe was created."
    _, seen = followed(piece + b" This: " + piece)
    start = len(piece) + 7
    assert all(length == 0 and expected == -1 for length, expected, _ in seen[:start])
    found = [k for k, (length, *_) in enumerate(seen[start:]) if length]
    assert found == list(range(found[0], len(piece)))
    assert match.SHORTEST <= found[0] <= match.SHORTEST + 1
    for k in found:
        length, expected, _ = seen[start + k]
        assert expected == piece[k] and length == k


def test_a_match_ends_where_it_fails() -> None:
    _, seen = followed(b"abcdefghijklmnop" + b"abcdefghijXlmnop")
    lengths = [length for length, *_ in seen]
    assert lengths[16 + 10] > 0 and lengths[16 + 11] == 0


def test_it_is_trusted_alone_when_it_was_always_right() -> None:
    _, seen = followed(b"all work and no play makes a dull day, " * 60)
    assert not any(is_sure for length, _, is_sure in seen if length < match.SURE)
    assert all(is_sure for *_, is_sure in seen[-39:])


def test_and_no_longer_when_such_bytes_fail() -> None:
    rng = np.random.default_rng(1)
    lines = [
        b"the counter has the value %d now, says the log\n" % rng.integers(0, 10)
        for _ in range(300)
    ]
    data = b"".join(lines)
    _, seen = followed(data)
    at = [len(data) - len(lines[-1]) * k - len(lines[-1]) + 26 for k in range(50)]
    assert all(data[place : place + 1].isdigit() for place in at)
    assert not any(seen[place][2] for place in at)
    assert sum(is_sure for *_, is_sure in seen[-470:]) > 300


def test_zeros_and_the_ends_of_memory() -> None:
    """Nothing is read before the first byte or after the last."""
    for data in (bytes(100), b"\0", bytes(range(256)) * 3):
        at, seen = followed(data)
        assert all(0 <= length < len(data) for length, *_ in seen)
        assert int(at.state["position"]) == len(data)
