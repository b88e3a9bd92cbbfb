"""Memory that is freed goes back to the system, if that was asked for."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

SIZE = 24 << 20
PROGRAM = f"""
import resource, sys
import numpy as np
from arzip.system import heap

def held():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()

if len(sys.argv) > 1:
    heap.give_back()
before = held()
for _ in range(2):  # the first one shows glibc how large blocks may be
    np.ones({SIZE}, dtype=np.uint8)
print(held() - before)
"""


def kept(*arguments: str) -> int:
    """Return the bytes that a process keeps of what it has freed."""
    command = [sys.executable, "-c", PROGRAM, *arguments]
    return int(subprocess.run(command, capture_output=True, check=True).stdout)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="what a process holds is unknown")
def test_what_is_freed_is_given_back() -> None:
    assert kept("give back") < SIZE // 8
    if platform.libc_ver()[0] == "glibc":
        assert kept() > SIZE // 2, "the C library gives it back anyway: heap.py is of no use"
