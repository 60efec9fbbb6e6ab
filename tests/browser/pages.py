"""Writes the pages that the browser tests open: python tests/browser/pages.py FOLDER."""

from __future__ import annotations

import sys
from pathlib import Path

from demo import demo_corpus, demo_evaluation, hostile_corpus, large_corpus

from stance.reporting.evaluation_page import evaluation_html
from stance.reporting.report_page import report_html


def main(folder: Path) -> None:
    """Write all pages."""
    folder.mkdir(parents=True, exist_ok=True)
    corpora = {"report": demo_corpus(), "hostile": hostile_corpus(), "large": large_corpus()}
    corpora["single"] = demo_corpus()[:1]
    for name, analyses in corpora.items():
        (folder / f"{name}.html").write_bytes(report_html(analyses).encode("utf-8"))
    (folder / "evaluation.html").write_bytes(evaluation_html(demo_evaluation()).encode("utf-8"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
