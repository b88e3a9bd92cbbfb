"""How many CPUs may be used: by affinity and by control groups."""

import os
from pathlib import Path

import pytest

from arzip.system import cpus as cpus_module
from arzip.system.cpus import cpus


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity here")
def test_only_cpus_that_are_allowed_count() -> None:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert cpus() == 1
    finally:
        os.sched_setaffinity(0, before)


@pytest.mark.parametrize(
    ("files", "count"),
    [
        ({"cpu.max": "max 100000"}, 8),
        ({"cpu.max": "150000 100000"}, 2),
        ({"cpu.max": "20000 100000"}, 1),
        ({"cpu.max": "900000 100000"}, 8),
        ({"cpu.max": "max 100000", "../cpu.max": "300000 100000"}, 3),
        ({"cpu.cfs_quota_us": "-1", "cpu.cfs_period_us": "100000"}, 8),
        ({"cpu.cfs_quota_us": "250000", "cpu.cfs_period_us": "100000"}, 3),
        ({"cpu.max": "nonsense"}, 8),
        ({}, 8),
    ],
)
def test_a_control_groups_quota_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], count: int
) -> None:
    group = tmp_path / "groups" / "outer" / "inner"
    group.mkdir(parents=True)
    for name, content in files.items():
        (group / name).write_text(content + "\n")
    (tmp_path / "cgroup").write_text("0::/outer/inner\n")
    monkeypatch.setattr(cpus_module, "CONTROL_GROUPS", tmp_path / "groups")
    monkeypatch.setattr(cpus_module, "OWN_GROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)
    assert cpus() == count
