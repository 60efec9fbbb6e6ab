"""Write the published annotations from the labelled data, and the counts of README.md from the annotations.

    python annotations/build.py --data ../shared     # everything that was labelled
    python annotations/build.py --data ../shared --soft FILE   # soft labels, from a model's predictions
    python annotations/build.py                      # README.md only

What others wrote does not leave the labelled data: of it come hashes, locators and labels.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from stance.annotation.adjudication import spread_votes
from stance.annotation.agreement import measure_agreement
from stance.annotation.anchors import hash_text, make_anchor, without_text
from stance.annotation.files import read_annotations, write_annotations
from stance.reporting.outputs import open_output
from stance.schema import LABELS, Anchor, Annotation, Document, Paragraph

HERE = Path(__file__).resolve().parent
CODEBOOK = "1.3"
MERGED = "merged"
UNNAMED = "language model"
PLANNED = "planned by the writer"
NAMES = {"A": "language model A", "B": "language model B"}
STANDOFF = ("articles", "train", "dev", "test")
TEACHER = "model: teacher (training/teacher.toml)"
RARE = 10
TARGETS = ("NATO", "US", "China")
FIELDS = ("path", "commit", "doc_id", "speaker", "year", "genre", "licence")
PLAN = ("voice", "genre", "topic", "form", "relay", "naming")
BLOCK = re.compile(r"(<!-- counts: .*? -->\n).*?(<!-- end of counts -->)", re.DOTALL)


def rows_of(path: Path) -> Iterator[dict[str, Any]]:
    """Read JSON Lines."""
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def open_annotations(data: Path) -> Iterator[Annotation]:
    """Make the annotations of the paragraphs that were written for this project: with text."""
    for row in rows_of(data / "corpus" / "open.jsonl"):
        source = {"licence": "CC-BY-4.0", **{name: row[name] for name in PLAN if row.get(name)}}
        anchor = Anchor(text=row["text"], text_sha256=hash_text(row["text"]))
        yield Annotation(
            row["id"], anchor, row["labels"], PLANNED, reported=row["reported"], codebook=CODEBOOK, source=source
        )


def corpus_annotations(data: Path, split: str) -> Iterator[Annotation]:
    """Make the annotations of paragraphs that others wrote: without text."""
    for row in rows_of(data / "corpus" / f"{split}.jsonl"):
        votes = {NAMES[name]: labels for name, labels in row["annotators"].items()}
        source = {"repository": row["source"]["source"]}
        source |= {name: row["source"][name] for name in FIELDS if row["source"].get(name) is not None}
        doubt: dict[str, list[str]] = {}
        for target, label in re.findall(r"(\w+):(\w+)", row.get("doubt") or ""):
            if label in LABELS:
                doubt.setdefault(target, []).append(label)
        yield without_text(
            Annotation(
                row["id"],
                Anchor(text=row["text"]),
                row["labels"],
                MERGED if len(votes) > 1 else next(iter(votes)),
                reported=row["reported"],
                codebook=CODEBOOK,
                doubt=doubt,
                votes=votes if len(votes) > 1 else {},
                source=source,
            )
        )


def soft_annotations(data: Path, predictions: Path) -> Iterator[Annotation]:
    """Make annotations of the unlabelled paragraphs out of what a model said of them: without text."""
    said = {row["id"]: row["stances"] for row in rows_of(predictions)}
    for row in rows_of(data / "corpus" / "unlabelled.jsonl"):
        stances = said[row["id"]]
        source = {"repository": row["source"]["source"]}
        source |= {name: row["source"][name] for name in FIELDS if row["source"].get(name) is not None}
        yield without_text(
            Annotation(
                row["id"],
                Anchor(text=row["text"]),
                {target: stance["label"] for target, stance in stances.items()},
                TEACHER,
                codebook=CODEBOOK,
                soft_labels={target: stance["probabilities"] for target, stance in stances.items()},
                source=source,
            )
        )


def article_annotations(data: Path) -> Iterator[Annotation]:
    """Make the annotations of whole articles: without text, with offsets."""
    for row in rows_of(data / "corpus" / "articles.jsonl"):
        document = Document((data / "articles" / row["file"]).read_bytes().decode("utf-8"), row["file"])
        for block in row["blocks"]:
            if "id" in block:
                start, end = block["start"], block["end"]
                anchor = make_anchor(document, Paragraph(document.text[start:end], start, end))
                yield without_text(
                    Annotation(
                        block["id"],
                        anchor,
                        block["labels"],
                        UNNAMED,
                        reported=block["reported"],
                        codebook=CODEBOOK,
                    )
                )


def write(path: Path, annotations: Iterable[Annotation]) -> None:
    """Write a file, whole or not at all."""
    path.parent.mkdir(exist_ok=True)
    with open_output(str(path)) as file:
        count = write_annotations(file, annotations)
    print(f"{path.relative_to(HERE)}: {count}")


def files() -> list[tuple[str, list[Annotation]]]:
    """Read the published annotations."""
    names = ["open/open", *(f"standoff/{name}" for name in STANDOFF)]
    return [(name, list(read_annotations(HERE / f"{name}.jsonl"))) for name in names]


def label_counts(records: Sequence[Annotation], target: str) -> list[int]:
    """Count the labels toward a target, in the order of LABELS."""
    return [sum(record.labels[target] == label for record in records) for label in LABELS]


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Make a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(map(str, line)) + " |" for line in lines] + [""]


def counts() -> str:
    """Make the tables of README.md."""
    found = files()
    lines = ["", "Paragraphs per file, target and label:", ""]
    lines += table(
        ("file", "paragraphs", "target", *LABELS),
        (
            (f"`{name}.jsonl`", len(records), target, *label_counts(records, target))
            for name, records in found
            for target in TARGETS
        ),
    )
    lines += ["Mostly relayed speech (`reported`):", ""]
    lines += table(
        ("file", "paragraphs", "reported"),
        (
            (f"`{name}.jsonl`", len(records), sum(bool(record.reported) for record in records))
            for name, records in found
        ),
    )
    real = [record for name, records in found if name.split("/")[1] in ("train", "dev", "test") for record in records]
    for field, title in (("genre", "genre"), ("repository", "source, with the licence that it states")):
        lines += [f"Paragraphs of train, dev and test per {title}:", ""]
        groups = Counter((r.source[field], r.source["licence"] if field == "repository" else "") for r in real)
        head = (field, "licence", "paragraphs") if field == "repository" else (field, "paragraphs")
        rows = [tuple(part for part in (*key, count) if part != "") for key, count in groups.most_common()]
        lines += table(head, rows)
    lines += ["Paragraphs of the open corpus per genre:", ""]
    genres = Counter(record.source["genre"] for record in found[0][1]).most_common()
    rare = [count for _, count in genres if count < RARE]
    shown = [item for item in genres if item[1] >= RARE]
    lines += table(("genre", "paragraphs"), [*shown, (f"{len(rare)} others, fewer than {RARE} each", sum(rare))])
    lines += ["Agreement of the two language-model annotators (value, 95 % interval by document):", ""]
    rows = []
    for name, records in found:
        if name.endswith(("dev", "test")):
            agreement = measure_agreement(spread_votes(records))
            for measured in agreement.measured:
                cells = [f"{one.value:.3f} ({one.low:.3f} to {one.high:.3f})" for one in measured.coefficients]
                rows.append((f"`{name}.jsonl`", measured.name, measured.coefficients[0].n, *cells))
    lines += table(
        ("file", "target", "n", "percent", "Cohen's kappa", "Fleiss' kappa", "Krippendorff's alpha", "Gwet's AC1"), rows
    )
    return "\n".join(lines)


def main() -> None:
    """Write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of the labelled data")
    parser.add_argument("--soft", type=Path, help="what stance predict -o wrote of unlabelled.jsonl, with the teacher")
    arguments = parser.parse_args()
    if arguments.data and arguments.soft:
        write(HERE / "standoff" / "unlabelled.jsonl", soft_annotations(arguments.data, arguments.soft))
    elif arguments.data:
        write(HERE / "open" / "open.jsonl", open_annotations(arguments.data))
        write(HERE / "standoff" / "articles.jsonl", article_annotations(arguments.data))
        for split in STANDOFF[1:]:
            write(HERE / "standoff" / f"{split}.jsonl", corpus_annotations(arguments.data, split))
    readme = HERE / "README.md"
    text = readme.read_text(encoding="utf-8")
    readme.write_text(BLOCK.sub(lambda block: block[1] + counts() + block[2], text), encoding="utf-8")


if __name__ == "__main__":
    main()
