"""How data is read, how the file says so, and what compiled code makes of it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import arzip
from arzip import readings
from arzip.models.bits import mixer
from arzip.models.bits.state import new_state, read_by
from arzip.readings import READINGS, TEXT, Chosen, finding, past, pixels, records, samples, spans


def as_array(data: bytes) -> np.ndarray:
    return np.frombuffer(data, dtype=np.uint8)


@pytest.mark.parametrize(
    "text", [b"a", b"one line\r\n" * 100, "über die Straße\n".encode() * 50, b"x,y\n1,2\n"]
)
def test_text(text: bytes) -> None:
    assert spans.prevailing(finding.find(as_array(text))) == TEXT


@pytest.mark.parametrize("length", [2, 3, 4, 13, 24, 216, 2000])
@pytest.mark.parametrize("size", [40_000, 400_000])
def test_records_are_found_by_their_length(length: int, size: int) -> None:
    rng = np.random.default_rng(length)
    rows = rng.integers(0, 256, (size // length, length), dtype=np.uint8)
    rows[:, ::2] = rows[0, ::2]
    found = spans.prevailing(finding.find(rows.reshape(-1)))
    assert found.reading is records.READING and found.numbers[0] == length


@pytest.mark.parametrize(
    "data", [b"\0", b"\0\1", b"\0\1\2\3\4\5\6", bytes(range(256)), b"\0" * 999]
)
def test_anything_else_has_some_length(data: bytes) -> None:
    found = spans.prevailing(finding.find(as_array(data)))
    assert found.reading is records.READING
    assert 1 <= found.numbers[0] <= records.LONGEST
    assert readings.checked(found) is found


def test_readings_are_told_apart_by_name() -> None:
    assert len({reading.name for reading in READINGS}) == len(READINGS)


NEW_READING = """
import numpy as np
from arzip.engine.compiled import compiled, u64
from arzip.readings.reading import Reading

def _find(data):
    return [(0, data.size, (7,))] if bytes(data[:3]) == b"ne\\0" else []

@compiled
def _observe(state, byte):
    state.steps += 1

@compiled
def _set_contexts(state, data):
    for i in range(6, 8):
        state.hashes[i] = u64(state.steps % (state.numbers[0] + i))

FIELDS = (("steps", np.int64),)
READING = Reading(
    name="new",
    numbers=(range(3, 9),),
    usual=(5,),
    contexts=8,
    phases=1,
    find=_find,
    fields=FIELDS,
    observe=_observe,
    set_contexts=_set_contexts,
)
"""

TRY_IT = """
import arzip, dataclasses, numpy
from arzip import readings
from arzip.models import hybrid, parameters, registry
from arzip.readings import finding, spans
from arzip.training import fit
new = readings.READINGS[-1]
swift = registry.read("swift")
added = parameters.pack(fit.unfitted(new), new.name)
model = hybrid.HybridModel.unproven(
    dataclasses.replace(swift, tensors={**swift.tensors, **added})
)
data = b"ne\\0" * 20
listed = finding.find(numpy.frombuffer(data, dtype=numpy.uint8))
assert spans.prevailing(listed) == (new, (7,), False)
packed = arzip.compress(data, model=model)
assert arzip.decompress(packed, model=model) == data
assert arzip.decompress(arzip.compress(b"old" * 9, model=model), model=model) == b"old" * 9
print(len(packed))
"""


def test_a_new_reading_is_a_file_and_a_line_in_a_list(tmp_path: Path) -> None:
    """Uncompiled, in a copy: it codes, it is found, and the others' files stay as they are."""
    assert arzip.__file__ is not None
    package = shutil.copytree(
        Path(arzip.__file__).parent, tmp_path / "arzip", ignore=shutil.ignore_patterns("base.*")
    )
    folder = package / "readings"
    (folder / "new.py").write_text(NEW_READING)
    listing = (folder / "__init__.py").read_text()
    last = "    typeset.READING,\n"
    changed = listing.replace(f"{last})", f"{last}    new.READING,\n)")
    changed = changed.replace(" past,", " new, past,")
    assert len(changed.splitlines()) == len(listing.splitlines()) + 1
    (folder / "__init__.py").write_text(changed)
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", TRY_IT],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) > 0


def contexts(chosen: Chosen, data: bytes) -> list[int]:
    """The hashes of the byte after `data`."""
    state = new_state(mixer.apm_row())
    read_by(state, chosen.reading, chosen.which, chosen.numbers)
    values = np.frombuffer(data + bytes(1), dtype=np.uint8).copy()
    for byte in data:
        readings.observe(state, byte)
    readings.set_contexts(state, values)
    return [int(value) for value in state["hashes"]]


def test_readings_share_the_first_contexts_only() -> None:
    data = b"one line\nand one more, with 1234 words\nand on"
    choices = [Chosen(r, r.usual) for r in READINGS if not r.set_bit_contexts]
    choices.append(Chosen(records.READING, (12, *records.READING.usual[1:])))
    found = [contexts(chosen, data) for chosen in choices]
    for chosen, one in zip(choices, found, strict=True):
        anew = chosen.reading in (pixels.READING, samples.READING)
        assert (one[: past.SHARED] == found[0][: past.SHARED]) is not anew
    assert len({tuple(one) for one in found}) == len(choices)


def test_text_knows_the_byte_above() -> None:
    """Whatever stands elsewhere in the line above, what is right above the next byte counts."""
    above, last = 11, b"the same"
    lines = b"a" * 8 + b"X" + b"a" * 5 + b"\n", b"b" * 8 + b"X" + b"b" * 5 + b"\n"
    one, other = (contexts(TEXT, b"....\n" + line + last) for line in lines)
    assert one[above] == other[above]
    third = contexts(TEXT, b"....\n" + lines[0].replace(b"X", b"Y") + last)
    assert one[above] != third[above]
