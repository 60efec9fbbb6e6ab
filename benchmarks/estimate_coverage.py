"""Simulate how often intervals of shares cover; write results/estimate_coverage.json.

Run: python benchmarks/estimate_coverage.py [--repetitions 1000] [--data ../shared/corpus] [--predictions FILE]

Corpora are made up anew in each repetition: documents have label distributions of their own (Dirichlet, by the
intraclass correlation), a classifier scores the paragraphs, some are drawn and labelled. The share to cover is that of
the process that makes the documents, except in the designs "corpus", where it is that of the corpus made. The last part
draws from the project's test paragraphs, with their gold labels and the predictions of the default model; the share to
cover is that of all of them (which intervals for documents like these cover too often, since it does not vary).

"ours" is what stance estimate gives, "labelled_only" the same without predictions, "naive" the count of predicted
labels with a normal interval by document, "normal" our estimate with 1.96 of our standard errors, "bootstrap" the
percentile bootstrap of our estimate by document. Two cores need about eight minutes, and five more without
--predictions.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from stance.evaluation.estimation import FEWEST_DOCUMENTS
from stance.evaluation.inference import Inferred, Totals, infer_shares
from stance.model.store import find_model, hash_file, verify_files
from stance.schema import LABELS

RESULT = Path(__file__).parent / "results" / "estimate_coverage.json"
SIZES = (100, 200, 500)
CHUNK = 125
DRAWS = 200
"""Bootstrap samples of the percentile bootstrap that is compared."""
WAYS = ("naive", "labelled_only", "normal", "bootstrap", "ours")
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Design:
    """What is simulated.

    Attributes:
        shares: True share of each label.
        correlation: Intraclass correlation of labels in a document.
        skill: How far the score of the right label lies above the others, in standard deviations.
        shared_noise: Share of the scores' variance that all paragraphs of a document have in common.
        bias: Added to the logits of the labels.
        labels_only: Whether the classifier gives labels without probabilities.
        documents: Number of documents.
        long_tail: Whether a few documents are very long (Pareto), or lengths geometric.
        drawn: "paragraphs", one by one; "documents", whole; "weighted", paragraphs that the model calls against four
            times as often, with weights.
        finite: Whether the share of just this corpus is to be covered.
    """

    shares: tuple[float, ...] = (0.15, 0.10, 0.25, 0.50)
    correlation: float = 0.15
    skill: float = 1.8
    shared_noise: float = 0.0
    bias: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    labels_only: bool = False
    documents: int = 200
    long_tail: bool = False
    drawn: str = "paragraphs"
    finite: bool = False


BIAS = (0.3, 1.5, 0.0, -0.5)
WORST = Design(correlation=0.4, shared_noise=0.5, bias=BIAS)
RARE = "rare (favor 2 %, against 1 %)"
RAREST = "rarest (favor 0.5 %, against 0.2 %)"
DESIGNS = {
    "calibrated": Design(),
    "biased": Design(bias=BIAS),
    "biased, labels only": Design(bias=BIAS, labels_only=True),
    "useless": Design(skill=0.0, bias=BIAS),
    "nearly perfect": Design(skill=4.5, documents=500),
    "clustered": WORST,
    "clustered, documents drawn": replace(WORST, drawn="documents"),
    "long tail": replace(WORST, long_tail=True),
    "long tail, documents drawn": replace(WORST, long_tail=True, drawn="documents"),
    RARE: Design(shares=(0.02, 0.01, 0.17, 0.80), bias=BIAS),
    RAREST: Design(shares=(0.005, 0.002, 0.193, 0.80), bias=BIAS),
    "weighted": Design(bias=BIAS, drawn="weighted"),
    "corpus": Design(bias=BIAS, finite=True),
    "corpus, clustered": replace(WORST, finite=True),
}


@dataclass(frozen=True)
class Job:
    """A cell of the report.

    Attributes:
        part: Part of the report.
        name: Name of the cell.
        design: What is simulated.
        size: How many paragraphs are labelled.
        repetitions: How many corpora are made.
        fewest: Documents with labels without which nothing is shown.
        compare: Whether the bootstrap is made, too.
    """

    part: str
    name: str
    design: Design
    size: int
    repetitions: int
    fewest: int = FEWEST_DOCUMENTS
    compare: bool = False


def main() -> int:
    """Simulate, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--data", type=Path, default=Path("../shared/corpus"))
    parser.add_argument("--predictions", type=Path, help="predictions of test.jsonl, to save the time to make them")
    parser.add_argument("--out", type=Path, default=RESULT)
    arguments = parser.parse_args()
    begun = time.monotonic()
    report: dict[str, Any] = {
        "command": "python benchmarks/estimate_coverage.py",
        "repetitions": arguments.repetitions,
        "level": 0.95,
        "fewest_documents": FEWEST_DOCUMENTS,
        "design": {name: asdict(design) for name, design in DESIGNS.items()},
    }
    todo = jobs(arguments.repetitions)
    with ProcessPoolExecutor(arguments.processes) as pool:
        for job, cell in zip(todo, pool.map(run, todo), strict=True):
            report.setdefault(job.part, {})[job.name] = cell
            show(f"{job.part}: {job.name}", cell)
    if (arguments.data / "test.jsonl").is_file():
        report["test"] = draw_from_test(arguments.data / "test.jsonl", arguments.predictions, arguments.repetitions)
    report["seconds"] = round(time.monotonic() - begun)
    arguments.out.parent.mkdir(exist_ok=True)
    arguments.out.write_text(json.dumps(shorten(report), indent=1) + "\n", encoding="utf-8")
    return 0


def jobs(repetitions: int) -> list[Job]:
    """List what is simulated: all designs and sizes; groups; ever fewer documents with labels."""
    found = [
        Job("coverage", f"{name}, {size}", design, size, repetitions, compare=not design.finite)
        for name, design in DESIGNS.items()
        for size in SIZES
    ]
    for against in (0.04, 0.10, 0.16, 0.22, 0.28):  # five groups, the same bias, ever more to find
        design = Design(shares=(0.15, against, 0.25, 0.60 - against), bias=BIAS, documents=60)
        found.append(Job("groups", f"against {against:.0%}, 60", design, 60, repetitions))
    for name in ("calibrated", "clustered, documents drawn", "long tail, documents drawn", RARE, RAREST):
        for documents in (5, 8, 12, 16, 20, 30, 50):
            design = DESIGNS[name]
            long = 1.0 if design.drawn == "paragraphs" else lengths(design, np.random.default_rng(0)).mean()
            often = repetitions * (2 if name in (RARE, RAREST) else 1)
            found.append(Job("fewest", f"{name}, {documents}", design, round(documents * long), often, fewest=3))
    return found


def run(job: Job) -> dict[str, Any]:
    """Simulate a cell: coverage and width of each way to make an interval, where one is shown.

    Returns:
        For each way ``coverage`` by label and ``mean_width``; ``shown``: how often there is an interval, by label;
        ``gain``: median of the quotient of variances, alone and ours, over labels and corpora.
    """
    generator = np.random.default_rng(0)
    rows: dict[str, list[Floats]] = {}
    for _ in range(max(1, job.repetitions // CHUNK)):
        totals, truth, given = make(job.design, job.size, CHUNK, generator)
        finite = job.design.finite
        found = measure(totals, truth, given, rows, finite=finite, fewest=job.fewest)
        if job.compare:
            half = 1.96 * np.sqrt(found.variance)
            add_interval(rows, "normal", (found.value - half, found.value + half), truth)
            add_interval(rows, "bootstrap", bootstrap(totals, found.power, generator), truth)
    return summarise({name: np.concatenate(parts) for name, parts in rows.items()})


def shorten(value: Any) -> Any:  # noqa: ANN401 -- JSON
    """Round all numbers to four digits."""
    if isinstance(value, dict):
        return {key: shorten(part) for key, part in value.items()}
    return round(value, 4) if isinstance(value, float) else value


def show(name: str, cell: dict[str, Any]) -> None:
    """Print coverage by label, and mean widths of all labels."""
    parts = []
    for way in [key for key in WAYS if key in cell]:
        covers = " ".join(written(cell[way]["coverage"][label]) for label in LABELS)
        parts.append(f"{way} {covers} w {written(cell[way]['mean_width'])}")
    shown = min(cell["shown"].values())
    print(f"{name:42} {' | '.join(parts)} | shown {shown:.2f} gain {written(cell['gain'])}", flush=True)


def written(number: float | None) -> str:
    """Write a number, or that there is none."""
    return "n/a" if number is None else f"{number:.3f}"


def lengths(design: Design, generator: np.random.Generator) -> npt.NDArray[np.int64]:
    """Draw how many paragraphs the documents have: eight on average, or with a long tail."""
    if design.long_tail:
        return np.clip(generator.pareto(1.3, design.documents) * 4 + 1, 1, 120).astype(np.int64)
    return np.clip(generator.geometric(1 / 8, design.documents), 1, 40)


def make(design: Design, size: int, count: int, generator: np.random.Generator) -> tuple[Totals, Floats, Floats]:
    """Make corpora, and draw and label paragraphs.

    Args:
        design: What to make.
        size: How many paragraphs to label.
        count: How many corpora.
        generator: Random numbers.

    Returns:
        Their totals; the share to cover, of shape (corpora, labels); paragraphs that the model gives each label, of
        shape (corpora, labels, documents).
    """
    many = lengths(design, generator)
    document = np.repeat(np.arange(design.documents), many)
    paragraphs = len(document)
    shares = np.array(design.shares)
    spread = (1 - design.correlation) / design.correlation
    own = generator.standard_gamma(shares * spread + 1e-12, (count, design.documents, len(shares)))
    ends = np.cumsum(own / own.sum(axis=-1, keepdims=True), axis=-1)[:, document]
    gold = (generator.random((count, paragraphs, 1)) > ends[..., :-1]).sum(axis=-1)
    is_gold = gold[..., None] == np.arange(len(shares))
    noise = generator.normal(size=is_gold.shape) * np.sqrt(1 - design.shared_noise)
    noise += generator.normal(size=own.shape)[:, document] * np.sqrt(design.shared_noise)
    logits = np.log(shares) + design.skill * (noise + design.skill * is_gold) + np.array(design.bias)
    believed = np.exp(logits - logits.max(axis=-1, keepdims=True))
    believed /= believed.sum(axis=-1, keepdims=True)
    given = believed.argmax(axis=-1)[..., None] == np.arange(len(shares))
    if design.labels_only:
        believed = given.astype(float)
    weight = draw(design, size, document, given, generator)
    starts = np.concatenate([[0], np.cumsum(many)[:-1]])

    def add(values: npt.NDArray[Any]) -> Floats:
        moved = np.moveaxis(values, -1, 1).astype(float)
        return moved if design.finite else np.add.reduceat(moved, starts, axis=-1)

    size_worth = weight.sum(axis=1) ** 2 / (weight**2).sum(axis=1)
    totals = Totals(
        add(weight),
        add(weight * is_gold),
        add(weight * believed),
        add(np.ones((1, paragraphs, 1))),
        add(believed),
        size_worth,
    )
    truth = is_gold.mean(axis=1) if design.finite else np.broadcast_to(shares, (count, len(shares)))
    return totals, truth, add(given)


def draw(
    design: Design,
    size: int,
    document: npt.NDArray[np.int64],
    given: npt.NDArray[np.bool_],
    generator: np.random.Generator,
) -> Floats:
    """Draw what is labelled; weights of shape (corpora, paragraphs, 1), 0 where it is not."""
    count, paragraphs = given.shape[:2]
    if design.drawn == "documents":
        wanted = max(3, round(size * design.documents / paragraphs))
        key = generator.random((count, design.documents))
        chosen = key <= np.partition(key, wanted - 1, axis=1)[:, wanted - 1 : wanted]
        return chosen[:, document, None].astype(float)
    if design.drawn == "weighted":
        odds = np.where(given[..., 1], 4.0, 1.0)
        chance = size * odds / odds.sum(axis=1, keepdims=True)
        return ((generator.random(chance.shape) < chance) / chance)[..., None]
    key = generator.random((count, paragraphs))
    return (key <= np.partition(key, size - 1, axis=1)[:, size - 1 : size])[..., None].astype(float)


def measure(
    totals: Totals, truth: Floats, given: Floats, rows: dict[str, list[Floats]], *, finite: bool, fewest: int
) -> Inferred:
    """Add, for some corpora, whether each way covers and how wide it is; give our estimates."""
    seen = np.broadcast_to(np.count_nonzero(totals.labelled, axis=-1) >= fewest, truth.shape)
    ours = infer_shares(totals, finite=finite)
    alone = infer_shares(totals, finite=finite, power=0.0)
    rows.setdefault("shown", []).append(seen)
    found = totals.found.sum(axis=-1)
    known = (found > 0) & (found < totals.labelled.sum(axis=-1) * (1 - 1e-9))
    rows.setdefault("gain", []).append(np.where(known, alone.variance / np.maximum(ours.variance, 1e-300), np.nan))
    add_interval(rows, "naive", naive(totals, given), truth)
    add_interval(rows, "labelled_only", (alone.low, alone.high), truth)
    add_interval(rows, "ours", (ours.low, ours.high), truth)
    return ours


def add_interval(rows: dict[str, list[Floats]], way: str, interval: tuple[Floats, Floats], truth: Floats) -> None:
    """Add whether intervals of shape (corpora, labels) cover, and how wide they are."""
    low, high = interval
    rows.setdefault(f"{way} covers", []).append((low <= truth) & (truth <= high))
    rows.setdefault(f"{way} width", []).append(high - low)


def naive(totals: Totals, given: Floats) -> tuple[Floats, Floats]:
    """Count predicted labels; normal interval with the variance between documents."""
    count = totals.paragraphs.sum(axis=-1)
    share = given.sum(axis=-1) / count
    error = np.sqrt((((given - share[..., None] * totals.paragraphs) / count[..., None]) ** 2).sum(axis=-1))
    return share - 1.96 * error, share + 1.96 * error


def bootstrap(totals: Totals, power: Floats, generator: np.random.Generator) -> tuple[Floats, Floats]:
    """Percentile bootstrap of the same estimate, documents drawn, its power kept."""
    corpora, labels, documents = totals.found.shape
    low, high = np.zeros((corpora, labels)), np.zeros((corpora, labels))
    many = np.broadcast_to(totals.paragraphs, (corpora, 1, documents))
    for place in range(corpora):
        times = generator.multinomial(documents, np.full(documents, 1 / documents), size=DRAWS).T.astype(float)
        weight = np.maximum(totals.labelled[place] @ times, 1e-9)
        correction = totals.expected[place] @ times / (many[place] @ times) - totals.believed[place] @ times / weight
        values = totals.found[place] @ times / weight + power[place] * correction
        low[place], high[place] = np.percentile(values, [2.5, 97.5], axis=1)
    return low, high


def summarise(rows: dict[str, Floats]) -> dict[str, Any]:
    """Give means over the corpora in which there is an interval; None where there is none in any."""
    shown = rows["shown"].astype(bool)
    result: dict[str, Any] = {}
    for way in [name.removesuffix(" covers") for name in rows if name.endswith(" covers")]:
        covers, width = rows[f"{way} covers"], rows[f"{way} width"]
        coverage = {label: mean(covers[:, number][shown[:, number]]) for number, label in enumerate(LABELS)}
        result[way] = {"coverage": coverage, "mean_width": mean(width[shown])}
    result["shown"] = {label: float(shown[:, number].mean()) for number, label in enumerate(LABELS)}
    gains = rows["gain"][shown & ~np.isnan(rows["gain"])]
    result["gain"] = float(np.median(gains)) if gains.size else None
    return result


def mean(values: npt.NDArray[Any]) -> float | None:
    """Give the mean; None if there is nothing."""
    return float(values.mean()) if values.size else None


def draw_from_test(path: Path, predictions: Path | None, repetitions: int) -> dict[str, Any]:
    """Draw and "label" test paragraphs again and again; the share to cover is that of all test paragraphs."""
    gold = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    believed = predict(gold, predictions)
    document = np.unique([item["source"].get("doc_id") or item["id"] for item in gold], return_inverse=True)[1]
    report: dict[str, Any] = {
        "test_sha256": hash_file(path),
        "model_sha256": verify_files(find_model()),
        "predictions_sha256": hash_file(predictions) if predictions else None,
        "targets": {},
    }
    for target, shares in believed.items():
        labels = np.array([LABELS.index(item["labels"][target]) for item in gold])
        is_gold = labels[:, None] == np.arange(len(LABELS))
        truth = np.broadcast_to(is_gold.mean(axis=0), (CHUNK, len(LABELS)))
        for size, finite in ((100, True), (200, True), (100, False), (200, False)):
            generator = np.random.default_rng(0)
            rows: dict[str, list[Floats]] = {}
            unit = np.eye(len(gold)) if finite else np.eye(document.max() + 1)[document]
            off: list[Floats] = []
            for _ in range(max(1, repetitions // CHUNK)):
                key = generator.random((CHUNK, len(gold)))
                weight = (key <= np.partition(key, size - 1, axis=1)[:, size - 1 : size]).astype(float)
                totals, given = add_up(weight, is_gold, shares, unit)
                common = measure(totals, truth, given, rows, finite=finite, fewest=FEWEST_DOCUMENTS).value
                off.append(np.stack([common - truth, own_powers(totals, finite=finite) - truth]))
            cell = summarise({name: np.concatenate(parts) for name, parts in rows.items()})
            name = f"{target}, {size}, {'these paragraphs' if finite else 'documents like these'}"
            errors = np.sqrt((np.concatenate(off, axis=1) ** 2).mean(axis=1))
            counts = np.bincount(shares.argmax(axis=1), minlength=len(LABELS)) / len(gold)
            cell["counted"] = dict(zip(LABELS, counts.tolist(), strict=True))
            cell["share"] = dict(zip(LABELS, is_gold.mean(axis=0).tolist(), strict=True))
            cell["rmse"] = dict(zip(LABELS, errors[0].tolist(), strict=True))
            cell["rmse_powers_of_their_own"] = dict(zip(LABELS, errors[1].tolist(), strict=True))
            report["targets"][name] = cell
            show(name, cell)
    return report


def own_powers(totals: Totals, *, finite: bool) -> Floats:
    """Estimate each label with a power of its own; shape (corpora, labels)."""
    values = []
    for number in range(len(LABELS)):
        found, believed, expected = (
            array[..., number : number + 1, :] for array in (totals.found, totals.believed, totals.expected)
        )
        one = replace(totals, found=found, believed=believed, expected=expected)
        values.append(infer_shares(one, finite=finite).value[..., 0])
    return np.stack(values, axis=-1)


def add_up(weight: Floats, is_gold: npt.NDArray[np.bool_], shares: Floats, unit: Floats) -> tuple[Totals, Floats]:
    """Add up draws of the same paragraphs; weights of shape (draws, paragraphs)."""
    drawn = weight[:, None, :]
    given = (shares.argmax(axis=1)[:, None] == np.arange(len(LABELS))).T
    totals = Totals(
        drawn @ unit,
        (drawn * is_gold.T) @ unit,
        (drawn * shares.T) @ unit,
        np.ones((1, 1, len(unit))) @ unit,
        np.broadcast_to(shares.T @ unit, (len(weight), len(LABELS), unit.shape[1])),
        weight.sum(axis=1, keepdims=True),
    )
    return totals, np.broadcast_to(given @ unit, (len(weight), len(LABELS), unit.shape[1]))


def predict(gold: list[dict[str, Any]], path: Path | None) -> dict[str, Floats]:
    """Give the default model's probabilities, target -> shape (paragraphs, labels): from a file, or anew."""
    if path is None:
        import stance

        made = stance.predict([item["text"] for item in gold])
        found = {item["id"]: prediction.stances for item, prediction in zip(gold, made, strict=True)}
    else:
        from stance.evaluation.rows import read_predicted

        found = {row.id: row.stances for row in read_predicted([path])}
    return {
        target: np.array([[found[item["id"]][target].probabilities[label] for label in LABELS] for item in gold])
        for target in gold[0]["labels"]
    }


if __name__ == "__main__":
    sys.exit(main())
