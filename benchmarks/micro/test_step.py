"""The step of one byte, whole and by parts: `pytest benchmarks/micro`."""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

import parts
from parts import ALL, LEARNING, LINES, MATCH, MIXER, NETWORK, NGRAM, Subject

SIZE = 1 << 14


@pytest.fixture(scope="module")
def about() -> Subject:
    found = parts.subject(SIZE)
    assert parts.is_faithful(found), "parts.py no longer does the same as coding.py"
    return found


@pytest.mark.parametrize(
    "chosen",
    [0, LINES, LINES | NGRAM, MATCH, MIXER, NETWORK, NETWORK | LEARNING, ALL],
    ids=["contexts", "table", "ngram", "match", "mixer", "network", "learning", "all"],
)
def test_parts(benchmark: BenchmarkFixture, about: Subject, chosen: int) -> None:
    """Each part with only the parts that it needs; `contexts` is in all of them."""
    benchmark.pedantic(
        about.walk, setup=lambda: ((about.start(), chosen), {}), rounds=5, warmup_rounds=1
    )


def test_encode(benchmark: BenchmarkFixture, about: Subject) -> None:
    bits = benchmark.pedantic(about.encode, setup=lambda: ((about.start(),), {}), rounds=5)
    assert 0 < bits < 8 * SIZE
