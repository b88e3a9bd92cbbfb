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


Packed = dict[str, dict[str, bytes]]


@pytest.fixture(scope="module")
def packed() -> Packed:
    return golden.compressed(names())


def test_this_machine(packed: Packed) -> None:
    assert golden.digests(packed) == EXPECTED


def test_all_are_decoded(packed: Packed) -> None:
    inputs = golden.inputs()
    for files in packed.values():
        assert {name: arzip.decompress(file) for name, file in files.items()} == inputs


GENERIC = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}


def elsewhere(settings: dict[str, str], folder: Path, *arguments: str) -> object:
    """The digests from a process of its own, with cold caches."""
    run = subprocess.run(
        [sys.executable, golden.__file__, *arguments],
        env={**os.environ, **settings, "ARZIP_CACHE_DIR": str(folder)},
        capture_output=True,
        check=True,
    )
    assert any(folder.glob("arzip.models.coding.encode-*"))
    return json.loads(run.stdout)


@pytest.mark.timeout(600)
def test_another_machine(tmp_path: Path) -> None:
    """With the model that has all parts, whose functions are compiled anew: that takes long."""
    here = golden.digests(golden.compressed(["base"], 3000))
    assert elsewhere(GENERIC, tmp_path, "base", "3000") == here


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("settings", [GENERIC, {"NUMBA_OPT": "1"}], ids=["generic", "NUMBA_OPT"])
def test_another_machine_codes_all(settings: dict[str, str], tmp_path: Path) -> None:
    assert elsewhere(settings, tmp_path) == EXPECTED
