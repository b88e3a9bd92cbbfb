"""How many CPUs this process may use."""

import math
import os
from pathlib import Path

__all__ = ["cpus"]

CONTROL_GROUPS = Path("/sys/fs/cgroup")
OWN_GROUPS = Path("/proc/self/cgroup")


def cpus() -> int:
    """Return how many CPUs this process may use: by its affinity and its control group's quota."""
    try:
        allowed = len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        allowed = os.cpu_count() or 1
    return max(1, math.ceil(min(allowed, _quota())))


def _quota() -> float:
    """Return the CPUs' worth of time that this process's control group and all above it grant."""
    try:
        lines = OWN_GROUPS.read_text().splitlines()
    except OSError:
        return math.inf
    granted = math.inf
    for line in lines:
        _, controllers, path = line.split(":", 2)
        inner = CONTROL_GROUPS.joinpath(controllers, path.lstrip("/"))
        for folder in (inner, *inner.parents):
            if folder.is_relative_to(CONTROL_GROUPS):
                granted = min(granted, _quota_in(folder))
    return granted


def _quota_in(folder: Path) -> float:
    """Return what one control group grants, by version 2's file or by version 1's two."""
    for names in (["cpu.max"], ["cpu.cfs_quota_us", "cpu.cfs_period_us"]):
        try:
            quota, period = " ".join((folder / name).read_text() for name in names).split()
            if int(quota) > 0:  # version 2 says "max" for no limit, version 1 says -1
                return int(quota) / int(period)
        except (OSError, ValueError, ZeroDivisionError):
            continue
    return math.inf
