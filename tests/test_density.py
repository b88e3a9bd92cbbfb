"""The accounting: each formula against a case worked out by hand, and how they hang together."""

import math
from collections import Counter
from xml.etree import ElementTree

import numpy as np
import pytest
from conftest import Counts
from hypothesis import given
from hypothesis import strategies as st

from arzip import density

weights = st.lists(st.integers(1, 1000), min_size=4, max_size=4)


def test_nll_is_in_nats() -> None:
    assert density.nll([1 / math.e, 1.0, 1 / math.e]) == pytest.approx(2.0)
    assert density.nll([]) == 0.0
    assert density.nll([0.5, 0.0]) == math.inf


def test_bits_per_byte_and_perplexity_of_a_fair_die() -> None:
    nats = density.nll([1 / 6] * 10)
    assert density.bits_per_byte(nats, 10) == pytest.approx(math.log2(6))
    assert density.perplexity(nats, 10) == pytest.approx(6)
    assert (density.bits_per_byte(0.0, 0), density.perplexity(0.0, 0)) == (0.0, 1.0)


def test_entropy() -> None:
    assert density.entropy([0.5, 0.25, 0.25]) == pytest.approx(1.5)
    assert density.entropy([2, 1, 1]) == pytest.approx(1.5), "counts will do"
    assert density.entropy(np.ones((4, 4))) == pytest.approx(4)
    assert density.entropy([1, 0]) == density.entropy([0, 0]) == 0.0


def test_coding_for_the_wrong_distribution() -> None:
    p, q = [0.5, 0.5], [0.25, 0.75]
    assert density.cross_entropy(p, q) == pytest.approx(-0.5 * math.log2(0.25 * 0.75))
    assert density.kl_divergence(p, q) == pytest.approx(0.5 * math.log2(4 / 3))
    assert density.kl_divergence(q, p) == pytest.approx(1 - density.entropy(q))


def test_what_is_ruled_out_costs_infinitely_much() -> None:
    assert density.cross_entropy([1, 1], [1, 0]) == math.inf
    assert density.kl_divergence([1, 1], [1, 0]) == math.inf
    assert density.kl_divergence([1, 0], [1, 1]) == pytest.approx(1.0)


@given(weights, weights)
def test_cross_entropy_is_entropy_and_divergence(p: list[int], q: list[int]) -> None:
    divergence = density.kl_divergence(p, q)
    assert density.cross_entropy(p, q) == pytest.approx(density.entropy(p) + divergence)
    assert divergence >= -1e-12
    assert density.kl_divergence(p, p) == 0.0


REPORT = density.Report(
    bytes=10_461,
    model="mine <b>",
    nll_nats=9635.123456,
    cross_entropy=1.32881234,
    perplexity=2.51201234,
    payload_bytes=1740,
    file_bytes=1905,
    achieved=1.45683012,
    overhead_bits={"quantisation": 0.12345678, "termination": 19.4321, "container": 1320.0},
    entropy_order0=4.51239999,
    readings={"text": {"bytes": 10000, "cross_entropy": 1.3456789}},
)


def test_a_report_is_shown_in_figures_that_can_be_read() -> None:
    assert repr(REPORT) == (
        "Report(bytes=10461, model='mine <b>', nll_nats=9635.1235, cross_entropy=1.3288, "
        "perplexity=2.512, payload_bytes=1740, file_bytes=1905, achieved=1.4568, "
        "overhead_bits={'quantisation': 0.1235, 'termination': 19.4321, 'container': 1320.0}, "
        "entropy_order0=4.5124, readings={'text': {'bytes': 10000, 'cross_entropy': 1.3457}})"
    )
    assert REPORT.to_dict()["nll_nats"] == 9635.123456, "nothing is rounded but what is shown"


def test_a_report_is_a_table_in_a_notebook() -> None:
    page = REPORT._repr_html_()
    table = ElementTree.fromstring(page)
    rows = [tuple("".join(cell.itertext()) for cell in row) for row in table.iter("tr")]
    assert rows == [
        ("model", "mine <b>"),
        ("original", "10,461 bytes"),
        ("compressed", "1,905 bytes"),
        ("achieved", "1.4568 bits/byte"),
        ("cross-entropy", "1.3288 bits/byte"),
        ("perplexity", "2.512"),
        ("negative log-likelihood", "9,635.1 nats"),
        ("quantisation", "0.1 bits"),
        ("termination", "19.4 bits"),
        ("container", "1,320.0 bits"),
        ("read as text", "10,000 bytes, 1.3457 bits/byte"),
        ("entropy of order 0", "4.5124 bits/byte"),
    ]


def entropy_by_definition(data: bytes, order: int) -> float:
    """sum over contexts of n_c H(what followed c), over the bytes that have a context."""
    total = 0.0
    size = len(data) - order
    contexts = Counter(data[t : t + order] for t in range(size))
    for context, times in contexts.items():
        after = Counter(
            data[t + order] for t in range(size) if data[t : t + order] == context
        ).values()
        total += sum(n * math.log2(times / n) for n in after)
    return total / size if size > 0 else 0.0


@given(st.binary(max_size=60) | st.text("ab", max_size=60).map(str.encode), st.integers(0, 3))
def test_empirical_entropy_is_what_its_definition_says(data: bytes, order: int) -> None:
    expected = entropy_by_definition(data, order)
    assert density.empirical_entropy(data, order) == pytest.approx(expected, abs=1e-9)


def test_empirical_entropy_of_what_alternates() -> None:
    assert density.empirical_entropy(b"ab" * 500, 0) == pytest.approx(1.0)
    assert density.empirical_entropy(b"ab" * 500, 1) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("order", [-1, 4])
def test_orders_that_there_are(order: int) -> None:
    with pytest.raises(ValueError, match="0 to 3"):
        density.empirical_entropy(b"abc", order)


def test_surprisals_sum_to_the_code_length(model: Counts) -> None:
    data = b"the quick brown fox jumps over the lazy dog. " * 20
    bits = np.concatenate(list(density.surprisals(model, data)))
    session = model.session()
    for byte, said in zip(data[:300], bits, strict=False):
        assert said == pytest.approx(24 - math.log2(session.conditionals()[byte]))
        session.observe(byte)
    assert bits.shape == (len(data),)
    assert list(density.surprisals(model, b"")) == []
