"""Text: found in any script, and read by its words."""

import numpy as np
import pytest

from arzip.models.bits.mixer import apm_row
from arzip.models.bits.state import new_state
from arzip.readings import past
from arzip.readings.text import stretches_of_text

# ruff: noqa: RUF001

SCRIPTS = {
    "Chinese": "你好，这是一个普通的句子，没有空格。",
    "Japanese": "吾輩は猫である。名前はまだ無い。",
    "Korean": "모든 사람은 태어날 때부터 자유롭다. ",
    "Russian": "Все счастливые семьи похожи друг на друга. ",
    "Greek": "Μῆνιν ἄειδε θεὰ Πηληϊάδεω Ἀχιλῆος. ",
    "Hindi": "सभी मनुष्यों को गौरव और अधिकार मिले हैं। ",
}


def array(data: bytes) -> "np.ndarray[tuple[int], np.dtype[np.uint8]]":
    return np.frombuffer(data, dtype=np.uint8)


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("around", [b"", bytes(range(256)) * 20])
def test_text_of_any_script_is_found(script: str, around: bytes) -> None:
    """All by itself, and between other data."""
    text = (SCRIPTS[script] + "\n").encode() * 600
    found = stretches_of_text(array(around + text + around))
    assert len(found) == 1
    start, size, _ = found[0]
    assert abs(start - len(around)) <= 1024 and abs(size - len(text)) <= 2048


@pytest.mark.parametrize("encoding", ["iso8859-5", "koi8-r", "cp1251"])
def test_letters_of_one_byte_are_text_between_spaces(encoding: str) -> None:
    text = SCRIPTS["Russian"].encode(encoding) * 100
    assert stretches_of_text(array(text)) == [(0, len(text), ())]


def test_many_bytes_above_127_alone_are_no_text() -> None:
    """Such as those of sound, and of bright pictures."""
    rng = np.random.default_rng(1)
    wave = 170 + 60 * np.sin(np.arange(20000) / 9) + rng.normal(0, 3, 20000)
    bright = rng.integers(128, 256, 20000)
    for values in wave, bright:
        assert stretches_of_text(values.clip(0, 255).astype(np.uint8)) == []


def words_after(text: str) -> list[int]:
    """Return the hashes of this word and the two before."""
    state = new_state(apm_row())
    for byte in text.encode():
        past.observe(state, byte)
    return [int(word) for word in state["word"]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("some WORDS", "some words"),
        ("ΌΧΙ ΟΔΥΣΣΕΥΣ", "όχι οδυσσευσ"),
        ("ЩЁЛКНУВ ЯЗЫКОМ", "щёлкнув языком"),
    ],
)
def test_capitals_are_the_same_letters(one: str, other: str) -> None:
    assert words_after(one)[0] == words_after(other)[0] != 0


def test_a_character_is_a_word_where_there_are_no_spaces() -> None:
    assert words_after("前はまだ無") == words_after("山川だ無")
    assert words_after("だ無") != words_after("た無")


def test_letters_with_accents_end_no_word() -> None:
    for word in "Überstraße", "façade", "déjà", "żółć":
        assert words_after("a " + word)[1] == words_after("a ")[1]
        assert words_after("a " + word)[0] != 0
