"""Reading leanly: a model without a network has the first contexts and phases, and starts so."""

import numpy as np

from arzip.models import registry
from arzip.models.bits.state import COUNTS, HISTORIES, after_counts, shapes
from arzip.models.lean import leaned
from arzip.readings import READINGS, Chosen
from arzip.readings.reading import LEAN, USUAL

LEANED = [reading for reading in READINGS if reading.lean]


def test_swift_reads_leanly_and_base_does_not() -> None:
    for reading in LEANED:
        chosen = Chosen(reading, reading.usual)
        for name, breadth in (("swift", LEAN), ("base", USUAL)):
            state = registry.load(name).predictor(1000, chosen).state
            size = reading.size(breadth)
            assert state["contexts"] == size.contexts
            assert state["mixers"] == 3 + size.phases
    assert LEANED


def test_a_bank_keeps_what_is_of_the_first_contexts_and_phases() -> None:
    for reading in LEANED:
        usual, lean = reading.size(), reading.size(LEAN)
        rng = np.random.default_rng(len(reading.name))
        packed = {
            name: rng.integers(0, 100, shape).astype(np.int16)
            for name, shape in shapes(usual).items()
        }
        kept = leaned(packed, reading)
        assert {name: field.shape for name, field in kept.items()} == shapes(lean)
        assert (kept["history_map"] == packed["history_map"][: HISTORIES * lean.contexts]).all()
        before, after = packed["weights"], kept["weights"]
        for k in range(3):
            own, all_of = COUNTS + k * lean.contexts, COUNTS + k * usual.contexts
            assert (after[:, own] == before[: len(after), all_of]).all()
            last = lean.contexts - 1
            assert (after[:, own + last] == before[: len(after), all_of + last]).all()
        values, _, guesses = after_counts(lean)
        others = guesses + lean.guesses - values
        first, _, _ = after_counts(usual)
        assert (after[:, values:][:, :others] == before[: len(after), first:][:, :others]).all()
        assert not after[:, values + others :].any()
        assert kept["final_weights"].shape[1] == 5 + lean.phases
