"""From articles to labelled splits with two annotators, by the commands that a research group would type.

    python examples/annotation_walk.py FOLDER

writes everything to FOLDER. The two annotators are played by word lists: only here, to have something to agree on.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Collection
from pathlib import Path

from stance import builtin_targets
from stance.cli.app import main as run_stance
from stance.fitting.examples import read_examples
from stance.targets import find_mentions

HERE = Path(__file__).resolve().parent
PRAISE = {"best", "cornerstone", "friend", "friends", "gain", "glad", "grateful", "kept", "peace", "proud", "stronger"}
BLAME = {"bullies", "cannot", "danger", "hegemony", "never", "reject", "silent", "tension", "threat", "war", "warships"}


def stance(*arguments: str | Path) -> None:
    """Run the ``stance`` command, and show what was typed."""
    words = [str(argument) for argument in arguments]
    print("$ stance", *words, flush=True)
    if run_stance(words) != 0:
        sys.exit(f"stance {' '.join(words)} failed")


def label(text: str, target: str, praise: Collection[str], blame: Collection[str]) -> str:
    """Label a paragraph as an annotator who counts words would."""
    known = {found.name: found for found in builtin_targets()}[target]
    if not find_mentions(text, known):
        return "absent"
    words = set(re.findall(r"\w+", text.lower()))
    balance = len(words & set(praise)) - len(words & set(blame))
    return "favor" if balance > 0 else "against" if balance < 0 else "neutral"


def fill_in(empty: Path, filled: Path, praise: Collection[str], blame: Collection[str]) -> None:
    """Play an annotator with a spreadsheet: write labels into its empty columns."""
    with empty.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row |= {target.name: label(row["text"], target.name, praise, blame) for target in builtin_targets()}
        row["reported"] = "yes" if " said" in row["text"] else "no"
    with filled.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def walk(folder: Path) -> None:
    """Go the whole way."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = sorted(path for path in HERE.iterdir() if path.suffix in (".txt", ".md"))

    stance("segment", *texts, "-o", folder / "blocks.jsonl")
    stance("annotate", "codebook", "--format", "html", "-o", folder / "guideline.html")
    stance("annotate", "prepare", *texts, "-o", folder / "items.jsonl")
    stance("annotate", "export", folder / "items.jsonl", "--to", "label-studio", "-o", folder / "tasks.json")
    stance("annotate", "export", folder / "items.jsonl", "--to", "csv", "-o", folder / "items.csv")

    fill_in(folder / "items.csv", folder / "anna.csv", PRAISE, BLAME)
    fill_in(
        folder / "items.csv",
        folder / "ben.csv",
        PRAISE - {"glad", "grateful", "kept", "peace"},
        BLAME - {"reject", "war"},
    )
    for person in ("anna", "ben"):
        file = folder / f"{person}.csv"
        stance("annotate", "import", file, "--from", "csv", "--annotator", person, "-o", folder / f"{person}.jsonl")

    labels = [folder / "anna.jsonl", folder / "ben.jsonl"]
    stance("annotate", "agreement", *labels, "--format", "json", "-o", folder / "agreement.json")
    stance("annotate", "agreement", *labels)
    decisions = folder / "decisions.jsonl"
    stance("annotate", "adjudicate", *labels, "--by", "rule", "--decisions", decisions, "-o", folder / "gold.jsonl")
    stance("annotate", "check", folder / "gold.jsonl")
    splits = folder / "splits"
    stance("annotate", "split", folder / "gold.jsonl", "--shares", "train=0.7,test=0.3", "-o", splits)
    stance("annotate", "check", splits / "train.jsonl", splits / "test.jsonl")

    examples = read_examples(splits / "train.jsonl", builtin_targets())
    print(f"{len(examples)} paragraphs to train on: {splits / 'train.jsonl'}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    walk(Path(sys.argv[1]))
