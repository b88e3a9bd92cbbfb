"""The step in parts is the step of coding."""

import pytest

import parts
from parts import ALL, LEARNING, LINES, MATCH, MIXER, NETWORK, NGRAM


@pytest.mark.slow
def test_all_parts_give_the_code_length_of_coding() -> None:
    about = parts.subject(1500)
    assert parts.is_faithful(about)


def test_each_part_matters() -> None:
    """Left out, it changes what is predicted."""
    about = parts.subject(600)
    whole = about.walk(about.start())
    for left_out in (NGRAM, NGRAM | LINES, MATCH, MIXER, LEARNING, LEARNING | NETWORK):
        assert about.walk(about.start(), ALL & ~left_out) != whole


@pytest.mark.parametrize("left_out", [LINES, NETWORK])
def test_a_part_without_what_it_reads_is_refused(left_out: int) -> None:
    about = parts.subject(100)
    with pytest.raises(ValueError, match="need"):
        about.walk(about.start(), ALL & ~left_out)
