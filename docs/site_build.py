"""What `mkdocs build` does beside its own: brings in cards, results, notebooks and decisions, and mends links.

Pages stay plain Markdown that reads on a code host, too; what lies elsewhere in the repository is pulled in here at
build, so that nothing is written twice. No score is typed: blocks ``<!-- figures: NAME -->`` are filled from
``benchmarks/results``. Links to files of the repository become links to their pages or to copies within the site,
which works without a network.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))  # the figures' scripts are no package

from docs_figures import fill_blocks  # noqa: E402

GENERATED = {
    "models/base/README.md": "cards/base.md",
    "models/small/README.md": "cards/small.md",
    "annotations/README.md": "cards/annotations.md",
    "training/README.md": "cards/training.md",
    "benchmarks/results/leaderboard/leaderboard.md": "leaderboard.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "examples/first_look.ipynb": "notebooks/first_look.md",
    "examples/outlets.ipynb": "notebooks/outlets.md",
}
"""File of the repository -> page of the site."""
FOLDERS = {
    "docs/decisions": "decisions/index.md",
    "annotations": "cards/annotations.md",
    "models/small": "cards/small.md",
}
_REMOTE = "https://unpkg.com/iframe-worker/shim"
_LINK = re.compile(r"(!?\[((?:[^\[\]]|\[[^\[\]]*\])*)\])\(([^()\s]+)\)")
_FENCE = re.compile(r"^(```.*?^```)", re.DOTALL | re.MULTILINE)


def on_post_template(output_content: str, template_name: str, config: MkDocsConfig) -> str:
    """Load the script for searching from the site itself on pages without a source (404), too."""
    return output_content.replace(_REMOTE, "javascripts/iframe-worker.js")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Bring in what lies elsewhere."""
    for origin, place in GENERATED.items():
        text = (ROOT / origin).read_text(encoding="utf-8")
        text = notebook_markdown(json.loads(text)) if origin.endswith(".ipynb") else text
        files.append(File.generated(config, place, content=text))
    files.append(File.generated(config, "decisions/index.md", content=decision_list(ROOT / "docs" / "decisions")))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill in figures, and mend links to what lies outside of docs/."""
    place = page.file.src_uri
    origin = next((name for name, made in GENERATED.items() if made == place), f"docs/{place}")

    def mended(match: re.Match[str]) -> str:
        target = mend_link(match[3], origin, place, files, config)
        return f"{match[1]}({target})" if target else match[2]

    parts = _FENCE.split(fill_blocks(markdown))  # code stays as it is
    return "".join(part if part.startswith("```") else _LINK.sub(mended, part) for part in parts)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Load the script for searching from the site itself: Material's offline plugin names another host."""
    return output.replace(_REMOTE, relpath("javascripts/iframe-worker.js", PurePosixPath(page.url).parent.as_posix()))


def mend_link(target: str, origin: str, place: str, files: Files, config: MkDocsConfig) -> str | None:
    """Turn a link that works in the repository into one that works in the site.

    Args:
        target: What is linked to.
        origin: File of the repository that the link stands in.
        place: Page of the site that is made of it.
        files: Files of the site; a linked file of the repository is added.
        config: Of the site.

    Returns:
        The link; None for a folder of the repository, which the site does not have.
    """
    path, mark, anchor = target.partition("#")
    if not path or re.match(r"[a-z]+:", target):
        return target
    whole = normpath((PurePosixPath(origin).parent / path).as_posix())
    inner = GENERATED.get(whole) or FOLDERS.get(whole)
    if inner is None and whole.startswith("docs/"):
        inner = whole.removeprefix("docs/")
    elif inner is None and (ROOT / whole).is_file():
        inner = f"files/{whole}"
        if not files.get_file_from_path(inner):
            files.append(File.generated(config, inner, abs_src_path=str(ROOT / whole)))
    if inner is None:
        return None if (ROOT / whole).is_dir() else target
    return relpath(inner, PurePosixPath(place).parent.as_posix()) + mark + anchor


def decision_list(folder: Path) -> str:
    """List the decisions, the newest last."""
    lines = ["# Decisions", "", "Why things are as they are, a short record each.", ""]
    for path in sorted(folder.glob("[0-9]*.md")):
        title = path.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")
        lines.append(f"- [{title}]({path.name})")
    return "\n".join(lines) + "\n"


def notebook_markdown(notebook: Mapping[str, Any]) -> str:
    """Write a notebook as Markdown: text, code, and below each its outputs."""
    parts: list[str] = []
    for cell in notebook["cells"]:
        source = _joined(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
        elif source.strip():
            parts += [f"```python\n{source}\n```", *(_output(output) for output in cell["outputs"])]
    return "\n\n".join(parts) + "\n"


def _output(output: Mapping[str, Any]) -> str:
    data = output.get("data", {})
    if html := _joined(data.get("text/html", ())):
        return "<div>" + re.sub(r"\n\s*\n", "\n", html) + "</div>"
    text = _joined(output.get("text", ()) or data.get("text/plain", ()))
    return f'<pre class="output">{escape(text.rstrip())}</pre>'


def _joined(source: str | Iterable[str]) -> str:
    return source if isinstance(source, str) else "".join(source)
