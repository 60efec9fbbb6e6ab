"""The codebook as people read it: a guideline in Markdown, or a page in HTML that needs nothing else."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

from stance.annotation.codebook import Codebook, CodebookTarget, Example, Rule
from stance.errors import MissingExtraError
from stance.schema import LABELS

__all__ = ["to_html", "to_instructions", "to_markdown"]

_MARKUP = re.compile(r"[\\`*_\[\]<>#|&~]|^[-+=]|(?<=^\d)[.)]|(?<=^\d\d)[.)]")
_BLANKS = re.compile(r"\n{3,}")
_STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.55 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; }
th, td { border: 1px solid #8886; padding: .35rem .6rem; text-align: left; vertical-align: top; }
blockquote { margin: .8rem 0; padding: .1rem 1rem; border-left: .25rem solid #8886; }
h1, h2, h3 { line-height: 1.25; } @media print { body { max-width: none; } h2, h3, blockquote { break-inside: avoid; } }
"""


def to_markdown(codebook: Codebook) -> str:
    """Write the guideline in Markdown (GitHub's, for its tables).

    Args:
        codebook: The codebook.

    Returns:
        The guideline: unit, voice, targets, labels, rules each with its examples, flag, further examples.

    >>> from stance.annotation.codebook import read_codebook
    >>> to_markdown(read_codebook()).splitlines()[0]
    '# Stance of a paragraph toward NATO, the US and China'
    """
    return _join(_lines(codebook))


def to_html(codebook: Codebook) -> str:
    """Write the guideline as one HTML page, without scripts or anything from elsewhere.

    Args:
        codebook: The codebook.

    Returns:
        The page.

    Raises:
        MissingExtraError: If markdown-it-py (``stance-kit[annotate]``) is not installed.
    """
    title = html.escape(codebook.title)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"{_render(to_markdown(codebook))}</body>\n</html>\n"
    )


def to_instructions(codebook: Codebook) -> str:
    """Write what annotation tools show beside a paragraph: the guideline without examples, as HTML.

    Args:
        codebook: The codebook.

    Returns:
        A fragment of HTML: paragraphs, lists, a table.

    Raises:
        MissingExtraError: If markdown-it-py (``stance-kit[annotate]``) is not installed.
    """
    return _render(_join(_lines(codebook, examples=False)))


def _render(markdown: str) -> str:
    try:
        from markdown_it import MarkdownIt
    except ImportError:
        raise MissingExtraError("Writing the guideline as HTML", "annotate") from None
    rendered: str = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    return rendered


def _join(lines: Iterable[str]) -> str:
    return _BLANKS.sub("\n\n", "\n".join(lines)).strip() + "\n"


def _lines(codebook: Codebook, *, examples: bool = True) -> Iterator[str]:
    yield from (f"# {_plain(codebook.title)}", "")
    yield from (f"Version {_plain(codebook.version)}. {_plain(codebook.intro)}".rstrip(), "")
    yield from ("## Unit", "", _plain(codebook.unit), "")
    yield from ("## Whose stance", "", _plain(codebook.voice), "")
    for case in codebook.cases:
        yield f"- **{_plain(case.name)}.** {_plain(case.text)}"
    yield from ("", "## Targets", "", "| target | counts | does not count by itself |", "| --- | --- | --- |")
    yield from (_target_row(target) for target in codebook.targets)
    yield from ("", _plain(codebook.presence), "")
    yield from ("## Labels", "")
    for label in codebook.labels:
        yield f"- **{label.name}**: {_plain(label.text)}"
    yield from ("", "## Rules where it is close", "")
    for rule in codebook.rules:
        yield from _rule_lines(rule, codebook.examples if examples else ())
    yield from ("", "## Flag", "", f"**{codebook.flag.name}**: {_plain(codebook.flag.definition)}", "")
    rest = [example for example in codebook.examples if not example.rules]
    if examples and rest:
        yield from ("## Further examples", "")
        for example in rest:
            yield from _example_lines(example)


def _target_row(target: CodebookTarget) -> str:
    return f"| **{_plain(target.name)}** | {_plain(target.counts)} | {_plain(target.counts_not)} |"


def _rule_lines(rule: Rule, examples: tuple[Example, ...]) -> Iterator[str]:
    name = f"**{_plain(rule.name)}.** " if rule.name else ""
    yield f"{rule.number}. {name}{_plain(rule.text)}"
    shown = [example for example in examples if rule.number in example.rules[:1]]
    indent = " " * len(f"{rule.number}. ")
    for example in shown:
        yield ""
        yield from (f"{indent}{line}".rstrip() for line in _example_lines(example))
    also = [example.id for example in examples if rule.number in example.rules[1:]]
    if also:
        yield from ("", f"{indent}See also {', '.join(map(_plain, also))}.", "")


def _example_lines(example: Example) -> Iterator[str]:
    labels = ", ".join(f"{_plain(target)} {label}" for target, label in _told(example))
    yield f"> {_plain(' '.join(example.text.split()))}"
    yield ">"
    note = f" {_plain(example.note)}" if example.note else ""
    yield f"> **{_plain(example.id)}**: {labels}{'; reported' if example.reported else ''}.{note}"
    yield ""


def _told(example: Example) -> list[tuple[str, str]]:
    """Give the labels, those that say something first."""
    return sorted(example.labels.items(), key=lambda item: item[1] == LABELS[-1])


def _plain(text: str) -> str:
    """Keep signs of a plain text from being read as Markdown."""
    return _MARKUP.sub(lambda sign: "\\" + sign[0], " ".join(text.split()))
