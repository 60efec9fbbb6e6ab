"""How many cores a process may use: less than the machine has, in containers and on shared machines."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["usable_cores"]

_CGROUPS = Path("/sys/fs/cgroup")
_DIGITS = 9
"""No machine has so many cores; more digits may be more than Python makes a number of."""
_OWN_GROUPS = Path("/proc/self/cgroup")


def usable_cores() -> int:
    """Count the cores that this process may use.

    The least of what the machine has, what the process is bound to, what ``OMP_NUM_THREADS`` says (cluster engines and
    batch systems set it for each worker), and what the quotas of its control groups give, rounded up: with a quota of
    1.5 cores, 2.

    Returns:
        At least 1.

    Source: the kernel's documentation of control groups, versions 2 (``cpu.max``) and 1 (``cpu.cfs_quota_us``).

    >>> 1 <= usable_cores() <= (os.cpu_count() or 1)
    True
    """
    counts = [os.cpu_count() or 1]
    if hasattr(os, "process_cpu_count"):  # Python 3.13; PYTHON_CPU_COUNT is heard there
        counts.append(os.process_cpu_count() or 1)
    if hasattr(os, "sched_getaffinity"):
        counts.append(len(os.sched_getaffinity(0)))
    told = os.environ.get("OMP_NUM_THREADS", "")
    if told.isdecimal() and len(told) < _DIGITS and int(told):
        counts.append(int(told))
    quota = _least_quota()
    if quota is not None:
        counts.append(max(1, -int(-quota // 1)))
    return min(counts)


def _least_quota() -> float | None:
    """Give the least quota in cores of the groups that this process is in, and of those around them; None if none."""
    try:
        lines = _OWN_GROUPS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    quotas = []
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and "cpu" not in controllers.split(","):
            continue
        root = _CGROUPS / "cpu" if controllers else _CGROUPS
        group = root / path.lstrip("/")
        for folder in (group, *group.parents):
            if folder == _CGROUPS.parent:
                break
            quotas.append(_quota(folder))
    found = [quota for quota in quotas if quota is not None]
    return min(found) if found else None


def _quota(folder: Path) -> float | None:
    """Read a group's quota in cores; None if it has none."""
    try:
        if (folder / "cpu.max").is_file():
            quota, period = (folder / "cpu.max").read_text(encoding="utf-8").split()
        else:
            quota = (folder / "cpu.cfs_quota_us").read_text(encoding="utf-8").strip()
            period = (folder / "cpu.cfs_period_us").read_text(encoding="utf-8").strip()
        cores = int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):  # no file, or "max"
        return None
    return cores if cores > 0 else None
