"""The step in parts is the step of coding."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import arzip
import parts
from parts import ALL, LINES, NETWORK


@pytest.mark.slow
def test_all_parts_give_the_code_length_of_coding() -> None:
    about = parts.subject(1500)
    assert parts.is_faithful(about)


FEW_BYTES = """
import json
import numpy as np
import parts, reference_recurrent
from parts import ALL, LEARNING, LINES, MATCH, MIXER, NETWORK, NGRAM
from arzip.models import hybrid, parameters, registry
swift, small = registry.read("swift"), reference_recurrent.random_tensors("gru", 1, 4)
network = {parameters.NETWORK + name: tensor for name, tensor in small.items()}
made = parameters.Parameters("made", swift.version, {**swift.tensors, **network}, (), {})
data = np.frombuffer(b"abcdefg" * 3, dtype=np.uint8).copy()
about = parts.Subject(hybrid.HybridModel.unproven(made), data)
left_out = (0, NGRAM, NGRAM | LINES, MATCH, MIXER, LEARNING, LEARNING | NETWORK)
lengths = [about.walk(about.start(), ALL & ~some) for some in left_out]
print(json.dumps([about.encode(about.start()), *lengths]))
"""


def test_each_part_matters() -> None:
    """Left out, it changes what is predicted. To compile all of it takes longer than a few bytes
    take uncompiled, with a small network."""
    here = Path(__file__).parent
    places = [Path(arzip.__file__).parent.parent, here.parent / "benchmarks", here]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FEW_BYTES],
        env={
            **os.environ,
            "NUMBA_DISABLE_JIT": "1",
            "PYTHONPATH": os.pathsep.join(map(str, places)),
        },
        stdout=subprocess.PIPE,
        check=True,
    )
    coded, whole, *others = json.loads(done.stdout)
    assert whole == coded
    assert len(others) == 6 and whole not in others


@pytest.mark.parametrize("left_out", [LINES, NETWORK])
def test_a_part_without_what_it_reads_is_refused(left_out: int) -> None:
    about = parts.subject(100)
    with pytest.raises(ValueError, match="need"):
        about.walk(about.start(), ALL & ~left_out)
