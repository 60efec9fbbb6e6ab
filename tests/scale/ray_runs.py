"""Runs on a Ray cluster of two workers on this machine, one of them killed each time; prints what happened as JSON.

A process of its own: Ray warns of what is not ours. ``python tests/scale/ray_runs.py MODEL FOLDER``; the folder holds
rows.jsonl and rows.parquet, and gets the outputs.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path


def killed_worker(name: str, *, wait: float = 0.0) -> int:
    """Kill one of the workers of that name as `kill -9` does; give its process, 0 if there was none."""
    import psutil

    end = time.monotonic() + wait
    while True:
        for process in psutil.Process().children(recursive=True):
            try:
                title = " ".join(process.cmdline())
                if name in title and "__init__" not in title:
                    process.send_signal(signal.SIGKILL)
                    return process.pid
            except psutil.Error:
                continue
        if time.monotonic() > end:
            return 0
        time.sleep(0.02)


def kill_while(name: str, work: Callable[[], object]) -> bool:
    """Do work, and kill a worker of that name while it is done; tell whether there was one."""
    killed: list[int] = []
    thread = threading.Thread(target=lambda: killed.append(killed_worker(name, wait=60)))
    thread.start()
    work()
    thread.join()
    return bool(killed[0])


def run_files(model: Path, folder: Path) -> bool:
    """Judge files; a worker is killed while it judges a step."""
    from stance.scale import Judging
    from stance.scale.ray import Workers, judge_on_ray
    from stance.scale.stream import Plan, run_plan

    plan = Plan((folder / "rows.jsonl",), folder / "ray.csv", "csv", judging=Judging(model=model))
    return kill_while("_StepWorker.judge", lambda: run_plan(plan, judge_on_ray(Workers(2))))


def run_dataset(model: Path, folder: Path) -> bool:
    """Judge a data set from Parquet to Parquet; a worker is killed when it has loaded the model."""
    import ray

    from stance.scale import Judging
    from stance.scale.ray import Workers, predict

    ray.data.DataContext.get_current().enable_progress_bars = False
    rows = ray.data.read_parquet(str(folder / "rows.parquet"), override_num_blocks=8)
    judged = predict(rows, judging=Judging(model=model), prefix="stance_", workers=Workers(2, rows=100))
    return kill_while("MapWorker", lambda: judged.write_parquet(str(folder / "judged")))


def main() -> None:
    """Do both."""
    import ray

    import stance.scale.steps

    stance.scale.steps.CHUNK = 100
    model, folder = map(Path, sys.argv[1:3])
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    with tempfile.TemporaryDirectory(prefix="ray") as place:
        ray.init(
            num_cpus=3,  # of Ray's count: one more than the workers have, to read
            include_dashboard=False,
            log_to_driver=False,
            logging_level="ERROR",
            object_store_memory=100 * 2**20,
            _temp_dir=place,
        )
        done = {"files": run_files(model, folder), "dataset": run_dataset(model, folder)}
        sys.stdout.write(json.dumps(done) + "\n")
        ray.shutdown()


if __name__ == "__main__":
    main()
