"""The same bytes from every machine: committed digests, here and as a machine without extras."""

import json
import os
import subprocess
import sys
from pathlib import Path

import golden
import pytest

import arzip
from arzip.models.registry import names

EXPECTED = json.loads(golden.DIGESTS.read_text())


def test_this_machine() -> None:
    assert golden.digests() == EXPECTED


def test_all_are_decoded() -> None:
    for model in names():
        for data in golden.inputs().values():
            assert arzip.decompress(arzip.compress(data, model=model)) == data


@pytest.mark.parametrize(
    "settings",
    [
        {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""},
        pytest.param({"NUMBA_OPT": "1"}, marks=pytest.mark.slow),
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_another_machine(settings: dict[str, str], tmp_path: Path) -> None:
    """A process of its own, with cold caches."""
    environment = {**os.environ, **settings, "ARZIP_CACHE_DIR": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, golden.__file__], env=environment, capture_output=True, check=True
    )
    assert json.loads(run.stdout) == EXPECTED
    assert any(tmp_path.glob("arzip.models.coding.encode-*"))
