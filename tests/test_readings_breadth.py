"""More contexts: what they go by, and what they do not."""

import numpy as np

from arzip import readings
from arzip.models.bits import mixer
from arzip.models.bits.state import new_state, read_by
from arzip.readings import READINGS, TEXT, Chosen
from arzip.readings.reading import BROAD, MORE_CONTEXTS

RECORDS = next(reading for reading in READINGS if reading.name == "records")


def contexts(chosen: Chosen, data: bytes, breadth: int = BROAD) -> list[int]:
    """The hashes of the byte after `data`."""
    state = new_state(mixer.apm_row(), breadth)
    read_by(state, chosen.reading, chosen.which, chosen.numbers)
    values = np.frombuffer(data + bytes(1), dtype=np.uint8).copy()
    for end in range(len(data) + 1):
        readings.set_contexts(state, values)
        if end < len(data):
            readings.observe(state, data[end])
    count = int(state["contexts"])
    return [int(value) for value in state["hashes"][:count]]


def more(chosen: Chosen, data: bytes) -> list[int]:
    return contexts(chosen, data)[-MORE_CONTEXTS:]


def differ(chosen: Chosen, one: bytes, other: bytes) -> set[int]:
    pairs = zip(more(chosen, one), more(chosen, other), strict=True)
    return {k for k, (a, b) in enumerate(pairs) if a != b}


def test_a_readings_own_contexts_stay_what_they_are() -> None:
    for reading in READINGS:
        if reading.set_bit_contexts is None:
            chosen, data = Chosen(reading, reading.usual), b"all that was, and 12 more; all that"
            lean, usual, broad = (contexts(chosen, data, breadth) for breadth in range(BROAD + 1))
            assert len(lean) == (reading.lean or (reading.contexts,))[0]
            assert usual[: len(lean)] == lean and broad[: len(usual)] == usual
            assert len(more(chosen, data)) == MORE_CONTEXTS or not reading.set_more


def test_text_expects_what_followed_the_word_last() -> None:
    """Where the last bytes are the same, only the pointers and what followed three differ."""
    filler = b" and then there was nothing more to be seen anywhere around here"
    told = differ(TEXT, b"red fox" + filler + b"; red ", b"red dog" + filler + b"; red ")
    assert told == {16, 18, 19, 21, 22}
    letter = differ(TEXT, b"red fox" + filler + b"; red f", b"red fog" + filler + b"; red f")
    assert letter == set()


def test_a_pointer_that_was_wrong_expects_nothing() -> None:
    filler = b" and then there was nothing more to be seen anywhere around here"
    assert differ(TEXT, b"red fox" + filler + b"; red b", b"red dog" + filler + b"; red b") == set()


def test_long_contexts_reach_as_far_as_they_say() -> None:
    reach = {2: 10, 3: 12, 4: 16, 5: 24}
    tail = bytes(range(97, 97 + 24))
    for k, size in reach.items():
        same = differ(TEXT, b"x." + tail[-size:], b"y." + tail[-size:])
        assert k not in same
        shorter = tail[-size + 1 :]
        assert k in differ(TEXT, b"x" + shorter, b"y" + shorter)


def test_records_know_the_three_above() -> None:
    chosen = Chosen(RECORDS, (4, 0, 5, 7, 11, 4))
    head, body = b"aaaa", b"bcdebcdebcdebcde"
    assert 19 not in differ(chosen, head + body, b"zzzz" + body)
    assert 19 in differ(chosen, b"aaaa" + b"bbbbcccc", b"aaaa" + b"xbbbcccc")
