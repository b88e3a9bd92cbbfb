"""The numbers in docs/theory.md are those of the models as they are."""

from pathlib import Path

import numpy as np
import pytest

import arzip
from arzip.density import HIGHEST_ORDER, empirical_entropy
from arzip.models.explore.session import PredictorSession

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "theory.md"
DATA = (ROOT / "LICENSE").read_bytes()

pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="the documentation is not here")


def test_totals() -> None:
    page = PAGE.read_text(encoding="utf-8")
    report = arzip.evaluate(DATA)
    overhead = report.overhead_bits
    for figure in (
        f"identity `{arzip.load_model().identity.hex()}`",
        f"{len(DATA):,} bytes",
        f"{report.nll_nats:,.1f} nats",
        f"{report.nll_nats / np.log(2):,.2f} |",
        f"{report.cross_entropy:.4f} bits/byte",
        f"= {report.perplexity:.3f} ",
        f"**{report.file_bytes:,} bytes**",
        f"{overhead['quantisation']:.2f} |",
        f"{overhead['termination']:.2f} |",
        f"{overhead['container']:.2f} |",
        *(f"{empirical_entropy(DATA, order):.4f}" for order in range(HIGHEST_ORDER + 1)),
    ):
        assert figure in page, figure


def test_ten_bytes() -> None:
    page = PAGE.read_text(encoding="utf-8")
    start = DATA.index(b"mean an individual")
    session = arzip.load_model().session(size=len(DATA))  # type: ignore[call-arg]
    assert isinstance(session, PredictorSession)
    session.explain(DATA[:start], 0)
    bits = -np.log2(session.explain(DATA[start : start + 10], 0).likelihood)
    row = " | ".join(f"{bit:.2f}" for bit in bits)
    assert row in page.replace("*", "")
    assert f"{bits.sum():.2f} bits" in page
