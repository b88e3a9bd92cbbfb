"""Guesses: the settings that a stream was made with, or as good as these."""

import numpy as np
import pytest
from deflated import TEXT, cheapest, deflate, told

from arzip import coder
from arzip.errors import FormatError
from arzip.unpacking import blocks, encoders, layers, matcher, streams
from arzip.unpacking.decisions import Decisions, choice
from arzip.unpacking.encoders import Settings


def guessed(stream: bytes) -> Settings:
    src = np.frombuffer(stream, dtype=np.uint8)
    found, _ = streams.inflate(src, 1 << 24, blocks.block_of(0))
    assert found is not None
    return encoders.guess(src, found.plain, found.farthest)


def test_strategies_that_show() -> None:
    assert guessed(deflate(TEXT, strategy=2)).strategy == 2
    assert guessed(deflate(TEXT + b"aaaaaaaaa", strategy=3)).strategy == 3


@pytest.mark.parametrize("memory", [1, 4, 8, 9])
def test_memory_shows_in_the_size_of_blocks(memory: int) -> None:
    data = np.random.default_rng(0).integers(0, 9, 300_000, dtype=np.uint8).tobytes()
    assert guessed(deflate(data, memory=memory)).hash_bits == memory + 7


@pytest.mark.parametrize("given", [Settings(0, 0, 8, 7), Settings(15, 4, 18, 15)])
def test_settings_come_back(given: Settings) -> None:
    encoder = coder.Encoder()
    decisions = Decisions(layers.odds(), encoder.add)
    encoders.tell(decisions, given)
    decisions.flush()
    words, state = coder.to_words(encoder.finish()), np.zeros(4, dtype=np.uint64)
    coder.start(words, state)
    assert encoders.tell(Decisions.learned(layers.odds(), words, state), None) == given


def test_impossible_settings_are_refused() -> None:
    encoder = coder.Encoder()
    decisions = Decisions(layers.odds(), encoder.add)
    choice(decisions.channel, streams.SETTINGS, 4, 15)
    decisions.flush()
    words, state = coder.to_words(encoder.finish()), np.zeros(4, dtype=np.uint64)
    coder.start(words, state)
    with pytest.raises(FormatError, match="settings"):
        encoders.tell(Decisions.learned(layers.odds(), words, state), None)


def test_the_cheapest_way_shows() -> None:
    settings = guessed(cheapest(TEXT[:20_000]))
    assert settings.strategy == matcher.CHEAPEST
    assert told(cheapest(TEXT[:20_000]))[0] < 20
