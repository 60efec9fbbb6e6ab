"""How long `stance report` takes for 200 articles, prediction included: results/report_time.json.

Run: python benchmarks/report_time.py [--articles 200] [--paragraphs 8] [--models small base]
Needs: ../shared/corpus.

The articles are files of paragraphs of unlabelled.jsonl, so of the lengths that real ones have (103 words on average);
8 of them are 830 words. What the page itself takes is measured by a report on the predictions, written beforehand.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from speed import describe_machine

HERE = Path(__file__).resolve().parent
RESULT = HERE / "results" / "report_time.json"


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=HERE.parent.parent / "shared" / "corpus")
    parser.add_argument("--articles", type=int, default=200)
    parser.add_argument("--paragraphs", type=int, default=8)
    parser.add_argument("--models", nargs="+", default=["small"])
    given = parser.parse_args()
    with (given.data / "unlabelled.jsonl").open(encoding="utf-8") as lines:
        wanted = given.articles * given.paragraphs
        texts = [json.loads(line)["text"] for _, line in zip(range(wanted), lines, strict=False)]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "articles").mkdir()
        for number in range(given.articles):
            own = texts[number * given.paragraphs : (number + 1) * given.paragraphs]
            path = folder / "articles" / f"{number:04}.txt"
            path.write_text("\n\n".join(" ".join(text.split()) for text in own) + "\n", encoding="utf-8")
        report: dict[str, Any] = {
            "command": shlex.join(["python", "benchmarks/report_time.py", *sys.argv[1:]]),
            "machine": describe_machine(),
            "articles": given.articles,
            "words": sum(len(text.split()) for text in texts),
            "models": {model: measure(folder, model) for model in given.models},
        }
    RESULT.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))


def measure(folder: Path, model: str) -> dict[str, float]:
    """Time a report on a folder of articles, and one on their predictions.

    Args:
        folder: Holds the folder of articles.
        model: Name or folder.

    Returns:
        Seconds of both, paragraphs, and the size of the page.
    """
    page, predictions = folder / "report.html", folder / "predictions.jsonl"
    whole = run("report", str(folder / "articles"), "--model", model, "-o", str(page))
    run("predict", str(folder / "articles"), "--model", model, "-o", str(predictions))
    alone = run("report", str(predictions), "-o", str(folder / "again.html"))
    with predictions.open(encoding="utf-8") as lines:
        paragraphs = sum(bool(json.loads(line).get("stances")) for line in lines)
    return {
        "paragraphs": paragraphs,
        "seconds": round(whole, 1),
        "page_alone_s": round(alone, 1),
        "page_mb": round(page.stat().st_size / 1e6, 1),
    }


def run(*arguments: str) -> float:
    """Run a command of stance; give its seconds."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "stance", *arguments], check=True, cwd=HERE.parent)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
