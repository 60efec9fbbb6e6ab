"""Write the figures of README from benchmarks/results, or tell where README says something else.

Run: python benchmarks/readme_figures.py [--write]

README has blocks between ``<!-- figures: NAME -->`` and ``<!-- end of figures -->``; each is made here of the result
files alone: `results/leaderboard/leaderboard.json` (``stance benchmark all --output benchmarks/results/leaderboard``),
`results/reliance.json` and `results/memory.json`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from stance.model.store import DEFAULT_MODEL
from stance.schema import LABELS

README = Path(__file__).parent.parent / "README.md"
RESULTS = Path(__file__).parent / "results"
BASELINE = "tfidf-lr"
_BLOCK = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- end of figures -->)", re.DOTALL)
_WIDTH = 125
Rows = Mapping[str, Any]


def main() -> int:
    """Write README, or say whether it agrees."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write README instead of comparing")
    arguments = parser.parse_args()
    old = README.read_text(encoding="utf-8")
    new = fill(old)
    if arguments.write:
        README.write_text(new, encoding="utf-8")
    elif new != old:
        sys.stderr.write("README has other figures than benchmarks/results: run with --write\n")
        return 1
    return 0


def fill(readme: str, results: Path = RESULTS) -> str:
    """Put the figures into README.

    Args:
        readme: Its text.
        results: Folder of the result files.

    Returns:
        The text with each block made anew.

    Raises:
        ValueError: If a block is not known or not there, or result files are of other weights than the leaderboard's.
    """
    names = [found[2] for found in _BLOCK.finditer(readme)]
    if sorted(names) != sorted(BLOCKS):
        raise ValueError(f"README: expected the blocks {', '.join(BLOCKS)}, found {', '.join(names)}")
    board = _read(results / "leaderboard" / "leaderboard.json")["sets"]
    return _BLOCK.sub(lambda found: f"{found[1]}{BLOCKS[found[2]](board, results)}\n{found[3]}", readme)


def _read(path: Path) -> Any:  # noqa: ANN401 -- any JSON
    return json.loads(path.read_text(encoding="utf-8"))


def _row(found: Rows, system: str) -> Rows:
    return next(row for row in found["rows"] if row["system"] == system)


def _models(found: Rows) -> list[str]:
    """Name the released models, the best first."""
    return [row["system"] for row in found["rows"] if row["origin"]["system"].get("system") == "model"]


def _value(figure: Mapping[str, float | None]) -> str:
    return "n/a" if figure["value"] is None else f"{figure['value']:.3f}"


def _interval(figure: Mapping[str, float | None]) -> str:
    return f"{_value(figure)} [{figure['low']:.3f}, {figure['high']:.3f}]"


def _paragraph(*sentences: str) -> str:
    return textwrap.fill(" ".join(sentences), _WIDTH, break_long_words=False, break_on_hyphens=False)


def quality(board: Mapping[str, Rows], results: Path) -> str:
    """Tell how well each model and the baseline do on this project's test split."""
    corpus = board["corpus"]
    models, base = _models(corpus), _row(corpus, DEFAULT_MODEL)
    paragraphs = base["judgements"] // len(base["targets"])
    lines = [f"| | macro-F1 | {' | '.join(LABELS)} |", f"| --- |{' --- |' * (1 + len(LABELS))}"]
    systems = [*((name, f"`{name}`") for name in models), (BASELINE, "TF-IDF")]
    figures = {name: _row(corpus, name) for name, _ in systems}
    for target in [*base["targets"], "mean"]:
        told = {name: row["official"] if target == "mean" else row["targets"][target] for name, row in figures.items()}
        best = max(told.values(), key=lambda figure: figure["value"] or 0.0)
        for name, shown in systems:
            own = _interval(told[name])
            own = own if told[name] is not best else f"**{_value(best)}**{own[len(_value(best)) :]}"
            known = figures[name]["labels"].get(target, {})
            cells = [_value(known[label]["f1"]) if known else "" for label in LABELS]
            lines.append(f"| {target}: {shown} | {own} | {' | '.join(cells)} |".replace("  |", " |"))
    rare = {target: own["against"]["support"] for target, own in base["labels"].items()}
    few = ", ".join(f"against {target} {rare[target]} paragraphs" for target in sorted(rare, key=rare.__getitem__)[:2])
    blocks = [
        _paragraph(
            f"On the project's {paragraphs} test paragraphs (by which no model and no setting was chosen), as shipped, "
            "with 95 % intervals by document, beside a baseline of words alone (TF-IDF of words and word pairs, the "
            "target's names masked, logistic regression, same data):"
        ),
        "\n".join(lines),
        *(_paragraph(_summary(figures[name], _row(board["articles"], name), figures[BASELINE])) for name in models),
        _paragraph(f"Sides are rare in real text ({few}), so those cells have wide intervals."),
    ]
    return "\n\n".join(blocks)


def _summary(row: Rows, whole: Rows, words: Rows) -> str:
    """Tell of a model what the table does not: sides, presence, whole articles, calibration."""
    return (
        f"Of `{row['system']}`: F_avg of favor and against over all targets is {_interval(row['metrics']['f_avg'])} "
        f"(TF-IDF {_value(words['metrics']['f_avg'])}), F1 of finding that a target is there "
        f"{_value(row['metrics']['presence_f1'])}; on the {whole['judgements'] // len(row['targets'])} paragraphs of "
        f"{whole['documents']} whole articles the mean macro-F1 is {_interval(whole['official'])}. Calibration error "
        f"on test: {', '.join(f'{target} {error:.3f}' for target, error in row['calibration'].items())}."
    )


def other_targets(board: Mapping[str, Rows], results: Path) -> str:
    """Tell how much worse targets are judged that the default model was not trained on."""
    told = {}
    for name in ("newsmtsc-rw", "vast", "semeval2016"):
        row = _row(board[name], DEFAULT_MODEL)
        if row["learned"] != "other data (zero-shot)":
            raise ValueError(
                f"{name}: {DEFAULT_MODEL} learned from {row['learned']}: README says it was not trained on it"
            )
        told[name] = _value(row["official"])
    return _paragraph(
        f"**Other targets are judged much worse**: without training, macro-F1 {told['newsmtsc-rw']} on the mentions of "
        f"NewsMTSC-rw and {told['vast']} on VAST's zero-shot topics (where the label `absent` does not exist), F_avg "
        f"{told['semeval2016']} on SemEval-2016's tweets; a model of your own, trained on some labels, is the way "
        "there."
    )


def reliance(board: Mapping[str, Rows], results: Path) -> str:
    """Tell whether labels go along when two targets exchange names."""
    found = _read(results / "reliance.json")["models"][DEFAULT_MODEL]
    if _weights(found["sha256"]) != _weights(_row(board["corpus"], DEFAULT_MODEL)["origin"]["system"]["sha256"]):
        raise ValueError(f"reliance.json is of other weights: run python benchmarks/reliance.py {DEFAULT_MODEL}")
    low, high = found["followed_interval"]
    return _paragraph(
        f"When two targets' names are exchanged in the test paragraphs, {100 * found['followed']:.1f} % "
        f"[{100 * low:.1f}, {100 * high:.1f}] of the {found['labels']:,} labels that differed go along, "
        f"{100 * found['stayed']:.1f} % stay (`python benchmarks/reliance.py`, result in "
        "`benchmarks/results/reliance.json`)."
    )


def _weights(hashes: Mapping[str, str]) -> dict[str, str]:
    """Keep what was learned: config and graph may be written again (stored queries) and leave labels as they are."""
    return {name: sha for name, sha in hashes.items() if name.endswith((".safetensors", "tokenizer.json"))}


def memory(board: Mapping[str, Rows], results: Path) -> str:
    """Tell memory and speed."""
    found = _read(results / "memory.json")
    runs, note = found["runs"], f" {found['note']}" if found["note"] else ""
    speed = sorted(run["paragraphs_per_s"] for run in runs)[len(runs) // 2]
    return _paragraph(
        f"Memory and speed: `python benchmarks/memory.py` ({runs[0]['paragraphs']:,} paragraphs: "
        f"{max(run['peak_mb'] for run in runs):.0f} MB at most, {speed:.1f} paragraphs a second{note}; result in "
        "`benchmarks/results/memory.json`)."
    )


BLOCKS: Mapping[str, Callable[[Mapping[str, Rows], Path], str]] = {
    "other_targets": other_targets,
    "quality": quality,
    "reliance": reliance,
    "memory": memory,
}

if __name__ == "__main__":
    sys.exit(main())
