"""Fill the figures of the documentation from benchmarks/results, when the site is built.

Run: python benchmarks/docs_figures.py docs/benchmarks.md

shows a page as the site has it. Blocks between ``<!-- figures: NAME -->`` and ``<!-- end of figures -->`` are made of
the result files alone; those of README are known, too. In the repository the blocks of the documentation hold only
where to look, so that they cannot get old.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import readme_figures

RESULTS = readme_figures.RESULTS
Row = Mapping[str, Any]
_BLOCK = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- end of figures -->)", re.DOTALL)
_ORDERS = {
    "evidence": "words of the evidence",
    "name_and_random": "the target's names, then words by chance",
    "random": "words by chance",
    "sentence": "the sentence of the evidence",
    "random_run": "as many words in a row, by chance",
    "minus_name_and_random": "evidence less names and chance",
    "minus_random": "evidence less chance",
    "minus_random_run": "sentence less chance",
}
_ON_GPU = "stance, torch on a GPU"
"""How `benchmarks/speed.py` names that system."""
_WAYS = {
    "stance": "ONNX Runtime, as shipped",
    "stance, fp32": "ONNX Runtime, all in fp32",
    "stance, torch": "torch, fp32",
    "stance, torch in bf16": "torch, bf16",
    "transformers pipeline, pairs": "transformers' pipeline over pairs",
    "CrossEncoder, pairs": "CrossEncoder over pairs",
}
"""Systems of `benchmarks/speed.py` that are compared from processor to processor, and how they are called."""
_SIDES = {
    "favor_found": "of `favor`, found",
    "against_found": "of `against`, found",
    "gap": "difference",
    "neutral_as_favor": "of `neutral`, called `favor`",
    "neutral_as_against": "of `neutral`, called `against`",
}


def fill_blocks(page: str, results: Path = RESULTS) -> str:
    """Fill the blocks of a page.

    Args:
        page: Its text.
        results: Folder of the result files.

    Returns:
        The text with each block made anew.

    Raises:
        ValueError: If a block is not known, or a result is of other weights than the leaderboard's.
    """

    def made(found: re.Match[str]) -> str:
        if found[2] not in BLOCKS:
            raise ValueError(f"no figures {found[2]!r}. Known: {', '.join(BLOCKS)}")
        return f"{found[1]}\n{BLOCKS[found[2]](results)}\n\n{found[3]}"

    return _BLOCK.sub(made, page)


def _readme(block: Callable[[Mapping[str, Row], Path], str]) -> Callable[[Path], str]:
    def made(results: Path) -> str:
        board = json.loads((results / "leaderboard" / "leaderboard.json").read_text(encoding="utf-8"))["sets"]
        return block(board, results)

    return made


def _read(results: Path, name: str) -> Any:  # noqa: ANN401 -- any JSON
    path = results / name
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _check_weights(found: Row, results: Path, name: str) -> None:
    """Refuse a result of other weights than those that the leaderboard scores."""
    rows = _read(results, "leaderboard/leaderboard.json")["sets"]["corpus"]["rows"]
    scored = next(row for row in rows if row["system"] == found["model"])["origin"]["system"]["sha256"]
    weights = {file: digest for file, digest in scored.items() if file.endswith(".safetensors")}
    if any(found["model_sha256"].get(file) != digest for file, digest in weights.items()):
        raise ValueError(f"{name} is of other weights: run python benchmarks/{name.removesuffix('.json')}.py")


def _share(figure: Row) -> str:
    return f"{figure['value']:.3f}"


def _interval(figure: Row) -> str:
    if figure["value"] is None:
        return "n/a"
    low, high = figure["low"], figure["high"]
    return _share(figure) if low is None else f"{_share(figure)} [{low:.3f}, {high:.3f}]"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def uncertainty(results: Path) -> str:
    """Tell whether label sets keep their promise."""
    found = _read(results, "uncertainty.json")
    _check_weights(found, results, "uncertainty.json")
    rows = []
    for risk, row in found["risks"].items():
        targets = row["coverage_by_target"].values()
        share = f"{row['coverage']:.3f}"
        rows.append([f"{100 * float(risk):.0f} %", share, f"{min(targets):.3f} to {max(targets):.3f}"])
    head = ["risk asked for", "sets with the true label", "by target"]
    return _table(head, rows) + f"\n\n{found['paragraphs']} test paragraphs; `{found['command']}`."


def faithfulness(results: Path) -> str:
    """Tell whether evidence is what the model goes by."""
    found = _read(results, "faithfulness.json")
    if found is None:
        return "*Not measured yet for this copy: `python benchmarks/faithfulness.py` writes the result.*"
    _check_weights(found, results, "faithfulness.json")
    rows = []
    for unit, orders in found["figures"].items():
        for order, row in orders.items():
            name = _ORDERS.get(order, order)
            name = name if unit == "words" or order in _ORDERS else f"{name} ({unit})"
            rows.append([name, _interval(row["comprehensiveness"]), _interval(row["sufficiency"])])
    head = ["what is taken, or kept", "comprehensiveness", "sufficiency"]
    told = f"{found['labels']:,} labels in {found['paragraphs']:,} test paragraphs of {found['documents']} documents"
    return (
        f"{_table(head, rows)}\n\nBy how much the label's probability falls when the words are taken from the text "
        "(comprehensiveness: higher is better), and when they are read alone (sufficiency: lower is better); 95 % "
        f"intervals by document. {told}, model `{found['model']}`; `{found['command']}`, result in "
        "`benchmarks/results/faithfulness.json`."
    )


def methods(results: Path) -> str:
    """Tell how faithful evidence by occlusion and by gradients is, of the same labels."""
    found = _read(results, "faithfulness_methods.json")
    rows = []
    for method, report in found.items():
        _check_weights(report, results, "faithfulness_methods.json")
        row = report["figures"]["words"]
        for order in ("evidence", "minus_random"):
            name = f"{method}: {_ORDERS[order]}"
            rows.append([name, _interval(row[order]["comprehensiveness"]), _interval(row[order]["sufficiency"])])
    head = ["what is taken, or kept", "comprehensiveness", "sufficiency"]
    one = next(iter(found.values()))
    told = f"{one['labels']:,} labels in {one['paragraphs']:,} test paragraphs of {one['documents']} documents"
    return (
        f"{_table(head, rows)}\n\nAs above, with model `{one['model']}`: {told}; `{one['command']}`, result in "
        "`benchmarks/results/faithfulness_methods.json`."
    )


def sides(results: Path) -> str:
    """Tell how often each side is found, in texts of whom."""
    found = _read(results, "sides.json")
    _check_weights(found, results, "sides.json")
    rows = [
        [name, f"{row['paragraphs']} ({row['favor']} / {row['against']})", *(_interval(row[key]) for key in _SIDES)]
        for name, row in found["groups"].items()
    ]
    head = ["texts of", "paragraphs (judgements `favor` / `against`)", *_SIDES.values()]
    gaps = {name: row["gap"] for name, row in found["groups"].items() if row["gap"]["low"] is not None}
    apart = [name for name, gap in gaps.items() if gap["low"] > 0 or gap["high"] < 0]
    told = f"The interval of the difference lies off 0 for {'; '.join(apart)}" if apart else "No difference lies off 0"
    return f"{_table(head, rows)}\n\n{told}. `{found['command']}`, result in `benchmarks/results/sides.json`."


def speed(results: Path) -> str:
    """Tell how fast `small` is beside other ways to run the same encoder."""
    found = _read(results, "speed.json")["minilm"]
    cores = found["machine"]["cores"]
    rows = []
    for name, rates in found["paragraphs_per_s"].items():
        alone, ratio = found["alone"][name], found["ratio_to_stance"][name]
        rows.append(
            [
                name,
                f"{median(rates):,.1f}",
                f"{ratio:.2f}",
                f"{1000 * alone['one_paragraph_s']:.0f}",
                f"{alone['peak_mb']:,.0f}",
            ]
        )
    computed = found["entailment"]["paragraphs_per_s"]
    rows.append(
        [f"zero-shot entailment, {found['entailment']['passes']} passes (computed)", f"{computed:.1f}", "", "", ""]
    )
    head = ["system", "paragraphs a second", "time, of stance's", "ms for one paragraph", "MB at most"]
    machine, limit = found["machine"], found["limit"]
    start = _read(results, "cold_start.json")
    cold = start["seconds"]
    kind = {"int8": "in whole numbers of 8 bits", "fp32": "in fp32"}[limit["arithmetic"]]
    return (
        f"{_table(head, rows)}\n\n{found['paragraphs']:,} paragraphs of articles, {found['targets']} targets where no "
        f"other number is said, medians of {found['parts']} parts that every system read in turn, on {cores} cores "
        f"({', '.join(machine['flags'])}). stance reaches {limit['utilisation']:.0%} of what the machine multiplies at "
        f"most {kind} ({limit['peak_gflops']:,.0f} thousand million operations a second, "
        f"{limit['peak_gflops_fp32']:,.0f} in fp32); {found['padding']:.1%} of tokens are padding. "
        f"`{found['command']}`, result in `benchmarks/results/speed.json`.\n\n`import stance` takes "
        f"{cold['import stance']['median']:.2f} s, `stance predict` on a file of one paragraph "
        f"{cold['base']['median']:.2f} s ({cold['base']['least']:.2f} to {cold['base']['most']:.2f}; `small` "
        f"{cold['small']['median']:.2f}): medians of {start['rounds']} processes each. `{start['command']}`, result in "
        "`benchmarks/results/cold_start.json`."
    )


def _machines(results: Path) -> dict[str, dict[str, Any]]:
    """Read what `benchmarks/speed.py` found on each kind of processor: file -> encoder -> report."""
    places = sorted(results.glob("speed.json")) + sorted(results.glob("speed_*.json"))
    return {place.name: json.loads(place.read_text(encoding="utf-8")) for place in places}


def processors(results: Path) -> str:
    """Tell how fast kinds of arithmetic are on the kinds of processor that were measured."""
    machines = _machines(results)
    rows = []
    for encoder, model in (("minilm", "small"), ("mpnet", "base")):
        rates = [found.get(encoder, {}).get("paragraphs_per_s", {}) for found in machines.values()]
        for system, way in _WAYS.items():
            if any(system in each for each in rates):
                own = [f"{median(each[system]):,.1f}" if system in each else "" for each in rates]
                rows.append([f"`{model}`", way, *own])
    reports = [list(found.values()) for found in machines.values()]
    kinds = [
        f"{own[0]['machine']['cores']} cores of {own[0]['machine']['processor']}, "
        f"{' '.join(own[0]['machine']['flags'])}"
        for own in reports
    ]
    commands = dict.fromkeys(f"`{report['command']}`" for own in reports for report in own)
    files = ", ".join(f"`benchmarks/results/{name}`" for name in machines)
    return (
        f"{_table(['model', 'by', *kinds], rows)}\n\nParagraphs of articles a second, 3 targets. "
        f"{', '.join(commands)}; results in {files}."
    )


def cost(results: Path) -> str:
    """Tell what a billion paragraphs cost on the machines that were measured."""
    rows, commands = [], {}
    for encoder, model in (("minilm", "small"), ("mpnet", "base")):
        for found in _machines(results).values():
            if encoder not in found:
                continue
            rates, machine = found[encoder]["paragraphs_per_s"], found[encoder]["machine"]
            core = "core with VNNI" if "avx512_vnni" in machine["flags"] else "core"
            commands[f"`{found[encoder]['command']}`"] = None
            for system, unit, units in (("stance", core, machine["cores"]), (_ON_GPU, "GPU", 1)):
                if system in rates:
                    rate = median(rates[system])
                    hourly = 3600 * rate / units
                    rows.append([f"`{model}`", unit, f"{rate:,.1f}", f"{hourly:,.0f}", f"{1e9 / hourly:,.0f}"])
    gpu = any(row[1] == "GPU" for row in rows)
    head = [
        "model",
        "unit",
        "paragraphs a second, all cores or a GPU",
        "paragraphs a unit and hour",
        "units' hours for a billion paragraphs",
    ]
    return (
        f"{_table(head, rows)}\n\nParagraphs of articles (103 words on average), 3 targets: {', '.join(commands)}. "
        + ("" if gpu else "GPUs are not measured yet; `python benchmarks/speed.py` measures one where torch sees it.")
    )


def growth(results: Path) -> str:
    """Tell how time and memory grow."""
    found = _read(results, "growth.json")
    rows = [
        [f"{int(count):,}", f"{run['seconds']:,.1f}", f"{run['paragraphs_per_s']:,.1f}", f"{run['peak_mb']:,.0f}"]
        for count, run in found["by_paragraphs"].items()
    ]
    head = ["short paragraphs", "seconds", "a second", "MB at most"]
    times = ", ".join(f"{count} targets {times:.2f}" for count, times in found["by_targets"]["times_three"].items())
    stream = _read(results, "streaming.json")
    alone, kills = stream["alone"], stream["killed"]["kills"]
    return (
        f"{_table(head, rows)}\n\nThe time that three targets take, times: {times} (the same paragraphs, "
        f"{found['by_targets']['paragraphs']:,} of them). `{found['command']}`.\n\n"
        f"{stream['paragraphs']:,} short paragraphs through a model that takes no time: "
        f"{alone['peak_mb']:.0f} MB at most, {alone['paragraphs_per_s']:,.0f} a second; killed {kills} times and gone "
        f"on with, the output is the same to the byte. `{stream['command']}`."
    )


def sameness(results: Path) -> str:
    """Tell how far apart the ways to judge the same paragraphs are."""
    found = _read(results, "sameness.json")
    models = found["models"]
    rows = []
    for way in next(iter(models.values())):
        own = [model[way] for model in models.values()]
        rows.append(
            [
                way,
                *(f"{each['largest_difference']:.1e}" for each in own),
                f"{min(each['same_labels'] for each in own):.1%}",
            ]
        )
    head = ["judged", *(f"`{model}`" for model in models), "same labels"]
    return (
        f"{_table(head, rows)}\n\nThe largest difference of a probability from the first row, "
        f"{found['paragraphs']} paragraphs, {found['targets']} targets, {len(next(iter(models.values())))} processes a "
        f"model: `{found['command']}`."
    )


BLOCKS: Mapping[str, Callable[[Path], str]] = {
    **{name: _readme(block) for name, block in readme_figures.BLOCKS.items()},
    "uncertainty": uncertainty,
    "faithfulness": faithfulness,
    "methods": methods,
    "sides": sides,
    "speed": speed,
    "processors": processors,
    "cost": cost,
    "growth": growth,
    "sameness": sameness,
}

if __name__ == "__main__":
    sys.stdout.write(fill_blocks(Path(sys.argv[1]).read_text(encoding="utf-8")))
