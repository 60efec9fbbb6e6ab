"""The leaderboard: what the results of a folder say, set by set, beside what is published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isnan
from typing import Any

from stance.evaluation.benchmark.scores import ALL, Row, Scheme, compare_rows
from stance.evaluation.benchmark.sets import SetDefinition
from stance.evaluation.benchmark.store import CEILING, DONE, Result, Store, hash_definition, hash_values
from stance.evaluation.figures import MEAN, POOLED, interval_to_dict

__all__ = ["build_leaderboard", "table_rows"]


def build_leaderboard(
    store: Store, definitions: Mapping[str, SetDefinition], *, current: Sequence[Result], draws: int, seed: int
) -> dict[str, Any]:
    """Bring the results of whole sets together.

    Args:
        store: The results; those of tries are left out.
        definitions: Name -> set.
        current: Results of this run: they tell which data counts where a folder holds results of several.
        draws: Bootstrap draws and permutations of the differences.
        seed: Their seed.

    Returns:
        ``sets`` {name: what it is, ``rows`` (systems, the best first), ``ceilings``, ``missing`` (skipped and failed,
        with reasons), ``published``} and ``bootstrap``, as plain JSON types.
    """
    hashes = {result.set: result.origin["data_sha256"] for result in current}
    sets = {}
    for name, definition in definitions.items():
        results = store.read_set(name)
        if results:
            sets[name] = _set(store, definition, results, hashes.get(name) or _usual(results), (draws, seed))
    return {"bootstrap": {"draws": draws, "seed": seed, "level": 0.95, "cluster": "document"}, "sets": sets}


def _usual(results: Sequence[Result]) -> Mapping[str, str]:
    """Give the hashes of the data that most results are of."""
    known = {hash_values(result.origin["data_sha256"]): result.origin["data_sha256"] for result in results}
    usual = Counter(hash_values(result.origin["data_sha256"]) for result in results).most_common(1)[0][0]
    found: Mapping[str, str] = known[usual]
    return found


def _set(
    store: Store,
    definition: SetDefinition,
    results: Sequence[Result],
    hashes: Mapping[str, str],
    draws: tuple[int, int],
) -> dict[str, Any]:
    scheme = Scheme.of(definition)
    missing = [_absent(result, result.status) for result in results if result.status not in (DONE, CEILING)]
    rows: dict[str, list[dict[str, Any]]] = {}
    for result in (result for result in results if result.status in (DONE, CEILING)):
        kept = store.rows(result)
        if result.origin["data_sha256"] != hashes:
            missing.append(_absent(result, "of other data: run it again"))
        elif result.origin.get("definition_sha256") != hash_definition(definition):
            missing.append(_absent(result, "of another definition of the set: run it again"))
        elif kept is None:
            missing.append(_absent(result, "its judgements are not on disk: run it again"))
        else:
            rows[result.system] = kept
    done = [result for result in results if result.status == DONE and result.system in rows]
    done.sort(key=lambda result: (-_value(result), result.system))
    told = asdict(definition)
    about = {
        key: told[key] for key in ("title", "source", "licence", "hub", "metric", "metric_name", "notes", "ceiling")
    }
    return {
        **about,
        "part": scheme.part,
        "labels": [" or ".join(group) for group in scheme.groups],
        "data_sha256": dict(hashes),
        "rows": [_row(result, scheme) | _apart(result, done[0], rows, scheme, draws) for result in done],
        "ceilings": [_row(result, scheme) for result in results if result.status == CEILING and result.system in rows],
        "missing": missing,
        "published": told["published"],
    }


def _value(result: Result) -> float:
    return result.official.get("value") or 0.0


def _absent(result: Result, status: str) -> dict[str, Any]:
    return {"system": result.system, "status": status, "reason": result.reason}


def _row(result: Result, scheme: Scheme) -> dict[str, Any]:
    """Give what is told of a system: its figures, and where they come from."""
    figures = result.scores.get(scheme.part, result.scores[ALL])
    wanted = ("macro_f1", "f_avg", "accuracy", "presence_f1", "ece")
    metrics = {name: figures[POOLED]["metrics"][name] for name in wanted if name in figures[POOLED]["metrics"]}
    return {
        "system": result.system,
        "official": dict(result.official),
        "metrics": metrics,
        "targets": {name: figures[name]["metrics"]["macro_f1"] for name in scheme.targets if name in figures},
        "labels": {name: _labels(figures[name]) for name in scheme.targets if name in figures},
        "calibration": {
            name: figures[name]["metrics"]["ece"]["value"]
            for name in scheme.targets
            if name in figures and "ece" in figures[name]["metrics"]
        },
        "parts": {name: _official(own, scheme) for name, own in result.scores.items() if name != scheme.part},
        **result.judgements,
        "seconds": result.seconds,
        "learned": result.learned,
        "identity": hash_values(result.origin["system"]),
        "origin": dict(result.origin),
        "bootstrap": dict(result.bootstrap),
    }


def _labels(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Give F1 and number of gold labels of each label."""
    return {label: {"f1": own["f1"], "support": own["support"]} for label, own in figures["labels"].items()}


def _official(figures: Mapping[str, Any], scheme: Scheme) -> Any:  # noqa: ANN401 - plain JSON types
    mean = scheme.metric == "mean_macro_f1" and MEAN in figures
    return figures[MEAN if mean else POOLED]["metrics"]["macro_f1" if "macro" in scheme.metric else scheme.metric]


def _apart(
    result: Result, best: Result, rows: Mapping[str, Sequence[Row]], scheme: Scheme, draws: tuple[int, int]
) -> dict[str, Any]:
    """Give the difference to the best system."""
    if result is best:
        return {"difference": None}
    found = compare_rows(rows[result.system], rows[best.system], scheme, draws=draws[0], seed=draws[1])
    p = None if isnan(found.p) else round(found.p, 6)  # a set whose metric cannot be had: no gold of some label
    return {"difference": interval_to_dict(found.interval) | {"p": p, "to": best.system}}


def table_rows(results: Sequence[Result]) -> list[tuple[str, ...]]:
    """Give set, system, official figure, judgements, seconds and remarks of results, as words."""
    rows: list[tuple[str, ...]] = []
    for result in results:
        value = result.official.get("value")
        ends = [result.official.get(end) for end in ("low", "high")]
        figure = "n/a" if value is None else f"{value:.3f}"
        if None not in ends:
            figure += f" [{ends[0]:.3f}, {ends[1]:.3f}]"
        told = result.reason if result.status not in (DONE, CEILING) else result.learned
        remark = told if result.status == DONE else f"{result.status}: {told}"
        if result.limit:
            remark = f"a try on {result.limit} texts; {remark}"
        figure = figure if result.status in (DONE, CEILING) else "-"
        count = str(result.judgements.get("judgements", "-"))
        rows.append((result.set, result.system, figure, count, f"{result.seconds:.0f}", remark))
    return rows
