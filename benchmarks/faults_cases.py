"""The commands that benchmarks/faults.py breaks off, with small inputs of our own."""

from __future__ import annotations

import importlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

__all__ = ["Case", "make_cases"]

_IMPORTED = (
    "onnxruntime", "numpy", "tokenizers", "stance.scale.stream", "stance.cli.predict", "stance.cli.evaluate",
    "stance.evaluation.scoring", "stance.reporting.report_page", "stance.reporting.evaluation_page",
    "stance.annotation.splits", "stance.annotation.hydration", "stance.annotation.adjudication",
    "stance.evaluation.benchmark.runner", "jsonschema", "rich.progress", "scipy",
)  # fmt: skip
"""What commands import: before they are forked, so that kills hit their work."""


@dataclass(frozen=True)
class Case:
    """A command to break off.

    Attributes:
        name: What it is called in the results.
        folder: Where it writes.
        command: What is given to `stance`.
        outputs: The files or folders that it writes.
        inputs: Files that it reads.
        resume: What is added to go on.
        weight: Share of the kills.
        in_a_row: Whether a run is killed several times before it is finished.
        locks: Whether a second process is refused.
        old_folder: A folder that lies at the output's place before.
        lays_old: Whether anything lies there before.
        last: What is written last, and missing while the others are replaced: without it they do not count.
        neutral: Makes of an output what has to be the same in each run.
    """

    name: str
    folder: Path
    command: list[str]
    outputs: tuple[Path, ...]
    inputs: tuple[Path, ...] = ()
    resume: tuple[str, ...] = ()
    weight: float = 0.1
    in_a_row: bool = False
    locks: bool = True
    old_folder: Path | None = None
    lays_old: bool = True
    last: Path | None = None
    neutral: Callable[[Path], str] | None = None

    @property
    def resumed(self) -> list[str]:
        """The command that goes on."""
        return [*self.command, *self.resume]

    def state(self, path: Path) -> str:
        """Hash an output, without what differs in every run."""
        from faults import state

        return self.neutral(path) if self.neutral else state(path)

    def size(self) -> int:
        """Bytes of the first output, after a run."""
        from faults import finish

        finish(self.command, self.folder.parent / "log")
        found = self.outputs[0].stat().st_size
        self.outputs[0].write_bytes(b"old\n")
        return found

    def clear(self) -> None:
        """Remove all that the command left, but what it left under hidden names."""
        for path in (*self.outputs, *self.folder.glob("*.checkpoints"), *self.folder.glob("*.new")):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        for path in self.folder.glob(".*.journal"):
            path.unlink()

    def at(self, folder: Path) -> Case:
        """The same command, writing to another folder."""
        moved = {
            str(path): str(folder / path.relative_to(self.folder)) for path in (*self.outputs, self.folder / "out")
        }
        command = [moved.get(part, part) for part in self.command]
        return replace(self, folder=folder, command=command, outputs=tuple(Path(moved[str(p)]) for p in self.outputs))


def make_cases(work: Path, write_tiny_model: Callable[[Path], Path], only: list[str] | None = None) -> list[Case]:
    """Write the inputs and give the commands, all or those that are named."""
    tiny = work / "tiny"
    training = only is None or "train" in only
    child = os.fork()  # no thread of a tokenizer or network may live in the process that forks
    if not child:
        write_tiny_model(tiny)
        if training:
            _write_encoder(work / "encoder")
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    for name in (*_IMPORTED, *(("stance.fitting.release",) if training else ())):
        importlib.import_module(name)
    cases = [*_predicting(work, tiny), *_annotating(work), _benchmark(work), *([_train(work)] if training else [])]
    return [case for case in cases if only is None or case.name in only]


def _case(work: Path, name: str, **values: object) -> Case:
    folder = work / name.replace(" ", "-")
    folder.mkdir(exist_ok=True)
    return Case(name, folder, **values)


def _lines(path: Path, rows: list[dict[str, object]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def _text(number: int) -> str:
    sides = ("has kept the peace", "is a menace", "met on Monday", "said that it would rain")
    words = " ".join(f"w{(number * 7919 + place * 104_729) % 1900}" for place in range(12))  # no two are alike
    return f"{('NATO', 'Washington', 'Beijing')[number % 3]} {sides[number % 4]}. It was item {words}."


def _predicting(work: Path, tiny: Path) -> list[Case]:
    files = tuple(
        _lines(work / f"in{part}.jsonl", [{"id": f"{part}-{at}", "text": _text(at + part)} for at in range(150)])
        for part in range(3)
    )
    given = ["predict", *map(str, files), "--model", str(tiny), "-o"]
    cases = []
    for form in ("jsonl", "parquet"):
        out = work / f"predict-{form}" / f"out.{form}"
        one = _case(work, f"predict {form}", command=[*given, str(out)], outputs=(out,), inputs=files,
                    resume=("--resume",), weight=0.15)  # fmt: skip
        cases.append(one)
    gold = _lines(
        work / "gold.jsonl",
        [{"id": str(at), "text": _text(at), "labels": {"NATO": ("favor", "against", "neutral", "absent")[at % 4]}}
         for at in range(40)],
    )  # fmt: skip
    out = work / "evaluate" / "out.json"
    cases.append(
        _case(work, "evaluate", command=["evaluate", "--gold", str(gold), "--model", str(tiny), "--draws", "20",
              "-o", str(out)], outputs=(out,), inputs=(gold,), neutral=_without_provenance))  # fmt: skip
    out = work / "report" / "out.html"
    cases.append(
        _case(work, "report", command=["report", str(files[0]), "--model", str(tiny), "-o", str(out)], outputs=(out,),
              inputs=files[:1]))  # fmt: skip
    return cases


def _without_provenance(path: Path) -> str:
    try:
        values = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return f"no JSON: {path.exists()}"
    return json.dumps({name: value for name, value in values.items() if name != "provenance"})


def _annotating(work: Path) -> list[Case]:
    rows = [
        {"id": f"p{at}", "document": f"d{at // 4}.txt", "document_sha256": f"{at // 4:064x}",
         "text": _text(at), "labels": {"NATO": ("favor", "against")[(at + who) % 2]}, "annotator": "AB"[who]}
        for at in range(80) for who in range(2)
    ]  # fmt: skip
    both = _lines(work / "both.jsonl", rows)
    gold = _lines(work / "one.jsonl", [row | {"annotator": "A"} for row in rows[::2]])
    texts = work / "texts"
    texts.mkdir()
    for at in range(20):
        body = "\n\n".join(_text(number) for number in range(4 * at, 4 * at + 4))
        (texts / f"d{at}.txt").write_text(f"{body}\n", encoding="utf-8")
    cases = []
    out = work / "split" / "out"
    named = tuple(out / name for name in ("train.jsonl", "dev.jsonl", "test.jsonl", "splits.json"))
    cases.append(_case(work, "split", command=["annotate", "split", str(gold), "-o", str(out)], outputs=named,
                       locks=False, last=named[-1]))  # fmt: skip
    out = work / "adjudicate" / "out.jsonl"
    command = ["annotate", "adjudicate", str(both), "--by", "rule", "-o", str(out)]
    cases.append(_case(work, "adjudicate", command=command, outputs=(out,)))
    out = work / "export" / "out.json"
    command = ["annotate", "export", str(gold), "--to", "label-studio", "-o", str(out)]
    cases.append(_case(work, "export", command=command, outputs=(out,)))
    out, rest = work / "hydrate" / "out.jsonl", work / "hydrate" / "rest.jsonl"
    command = ["annotate", "hydrate", str(gold), "--texts", str(texts), "--missing", str(rest), "-o", str(out)]
    cases.append(_case(work, "hydrate", command=command, outputs=(out, rest)))
    return cases


def _benchmark(work: Path) -> Case:
    import sys

    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from tests.conftest import write_small_set

    data = work / "set"
    data.mkdir()
    definition = write_small_set(data)
    out = work / "benchmark" / "out"
    results = tuple(out / "results" / "small" / f"{name}.jsonl" for name in ("majority", "lexicon"))
    command = ["benchmark", str(definition), "--data", str(data), "--systems", "majority,lexicon", "--draws", "20"]
    return _case(work, "benchmark", command=[*command, "-o", str(out)], outputs=(*results, out / "leaderboard.md"),
                 locks=False, lays_old=False, neutral=_benchmark_state)  # fmt: skip


def _benchmark_state(path: Path) -> str:
    """Give judgements as they are; of a page that it is whole (it states seconds)."""
    from faults import state

    if path.suffix == ".jsonl":
        return state(path)
    return str(path.exists() and path.read_text(encoding="utf-8").count("lexicon") > 0)


def _write_encoder(folder: Path) -> None:
    import sys

    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from tests.fitting.conftest import encoder_folder, write_recipe

    class Folders:
        """Stands for pytest's factory."""

        def mktemp(self, name: str) -> Path:
            folder.mkdir()
            return folder

    make = getattr(encoder_folder, "__wrapped__", encoder_folder)
    make = getattr(make, "__pytest_wrapped__", make)
    getattr(make, "obj", make)(Folders())
    write_recipe(folder.parent, folder, epochs=2, batch_size=8, checkpoint_steps=1)


def _train(work: Path) -> Case:
    out = work / "train" / "out"
    # a pair encoder is written without a graph: what takes long in writing a model is not what can be torn
    command = ["train", str(work / "tiny.toml"), "--set", "network.kind=pair", "--out", str(out)]
    case = _case(work, "train", command=command, outputs=(out,), resume=("--resume",), in_a_row=True,
                 neutral=_model_state)  # fmt: skip
    first = work / "first"
    child = os.fork()
    if not child:
        from stance.cli.app import main

        os._exit(main(["train", str(work / "tiny.toml"), "--set", "network.kind=pair", "--set", "schedule.epochs=1",
                       "--out", str(first)]))  # fmt: skip
    assert os.waitpid(child, 0)[1] == 0
    return replace(case, old_folder=first)


def _model_state(path: Path) -> str:
    """Give the hash of the weights, if every file is as its hash says."""
    from stance.errors import ModelError
    from stance.model.store import HASHES_FILE, verify_files

    try:
        hashes = json.loads((path / HASHES_FILE).read_text(encoding="utf-8"))
        return verify_files(path, tuple(hashes))["model.safetensors"]
    except (OSError, ModelError) as error:
        return str(error)
