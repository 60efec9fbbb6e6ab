"""Cores that a process may use: what binds it, and the quotas of its control groups."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stance import cores


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Control groups of our own, on a machine with 16 cores that binds nobody."""
    monkeypatch.setattr(cores, "_CGROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(cores, "_OWN_GROUPS", tmp_path / "own")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 16)
    monkeypatch.setattr(os, "process_cpu_count", lambda: 16, raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(16)), raising=False)
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_without_groups_the_machine_counts(groups: Path) -> None:
    assert cores.usable_cores() == 16


@pytest.mark.parametrize(("bound", "expected"), [({0, 3, 5}, 3), ({7}, 1)])
def test_what_a_process_is_bound_to(groups: Path, monkeypatch: pytest.MonkeyPatch, bound: set, expected: int) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: bound, raising=False)
    assert cores.usable_cores() == expected


def test_the_count_of_newer_pythons_is_heard(groups: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "process_cpu_count", lambda: 2, raising=False)
    assert cores.usable_cores() == 2


@pytest.mark.parametrize(("told", "expected"), [("3", 3), ("99", 16), ("", 16), ("0", 16), ("many", 16)])
def test_what_a_cluster_engine_sets(groups: Path, monkeypatch: pytest.MonkeyPatch, told: str, expected: int) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", told)
    assert cores.usable_cores() == expected


@pytest.mark.parametrize(
    ("quota", "expected"),
    [("200000 100000", 2), ("150000 100000", 2), ("10000 100000", 1), ("max 100000", 16), ("what", 16), ("0 0", 16)],
)
def test_quotas_of_version_2_round_up(groups: Path, quota: str, expected: int) -> None:
    write(groups / "own", "0::/a/b\n")
    write(groups / "cgroup" / "a" / "b" / "cpu.max", quota)
    assert cores.usable_cores() == expected


def test_the_least_quota_of_all_groups_around_counts(groups: Path) -> None:
    write(groups / "own", "0::/a/b\n")
    write(groups / "cgroup" / "a" / "b" / "cpu.max", "800000 100000")
    write(groups / "cgroup" / "a" / "cpu.max", "300000 100000")
    assert cores.usable_cores() == 3


def test_quotas_of_version_1(groups: Path) -> None:
    write(groups / "own", "3:memory:/x\n2:cpu,cpuacct:/job\n")
    write(groups / "cgroup" / "cpu" / "job" / "cpu.cfs_quota_us", "400000\n")
    write(groups / "cgroup" / "cpu" / "job" / "cpu.cfs_period_us", "100000\n")
    assert cores.usable_cores() == 4
    write(groups / "cgroup" / "cpu" / "job" / "cpu.cfs_quota_us", "-1\n")
    assert cores.usable_cores() == 16
