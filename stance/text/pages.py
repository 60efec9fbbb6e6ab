"""Pages of HTML: the article taken out, a block a line.

What takes a page apart is not made for hostile ones: time grows with the square of the elements beside each other and
of the attributes of one tag (`benchmarks/input_growth.py` measures it). So a page that has more of them than any
article is refused before it is parsed.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

from stance.errors import InputError, MissingExtraError

__all__ = ["page_text"]

_BLOCK_TAGS = frozenset({"p", "head", "quote", "item", "row", "cell", "code", "ab", "list", "table"})
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*>")  # of an encoding that no longer holds
_REFERENCE = re.compile(r"&#(\d{1,7}|[xX][0-9a-fA-F]{1,6});?")
_MOST_CHARACTERS = 9_000_000
"""Characters of a page; the parser holds no text node of ten million bytes."""
_MOST_ELEMENTS = 60_000
"""Elements of a page; long articles have a few thousand."""
_MOST_ATTRIBUTES = 500
"""Attributes of a tag; the largest of real pages have some dozens."""
_LONG_TAG = 2 * _MOST_ATTRIBUTES
"""A shorter tag has no room for so many."""
_TAG = re.compile("<[a-zA-Z](?:[^<>\"']|\"[^\"]*\"|'[^']*')*")
_BARE = re.compile("<[a-zA-Z][^>]*")
"""A tag as a parser reads it that does not heed quotes."""
_OPENING = re.compile("<[a-zA-Z]")
_VALUE = re.compile("=\\s*(?:\"[^\"]*\"|'[^']*')")
_BETWEEN = re.compile(r"[\s/]+")


def page_text(page: str, name: str) -> str:
    """Take the article from an HTML page, a block a line.

    Args:
        page: The page.
        name: What errors call it.

    Returns:
        The article; its title comes first.

    Raises:
        InputError: If there is none, or the page has more characters, elements or attributes than a page has.
        MissingExtraError: If the packages that it needs are not installed.
    """
    try:
        import trafilatura
        from lxml import etree
    except ImportError:
        raise MissingExtraError(f"{name}: reading HTML", "html") from None
    _refuse_hostile(page, name)
    page = _REFERENCE.sub(_without_controls, _DECLARATION.sub("", page))
    with _silenced("trafilatura"):
        xml = trafilatura.extract(  # its XML keeps blocks apart; its text does not
            page,
            output_format="xml",
            include_comments=False,
            include_tables=True,
            favor_recall=True,
            with_metadata=True,  # for the title, which often stands outside of the article
        )
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    tree = etree.fromstring((xml or "<doc/>").encode("utf-8", "replace"), parser)
    main = tree.find("main")
    lines = [" ".join(line.split()) for line in ([] if main is None else _element_lines(main))]
    kept = [line for line in lines if line]
    if not kept:
        raise InputError(f"{name}: no article found in the page. Save its text as .txt.")
    title = " ".join((tree.get("title") or "").split())
    headed = main.find(".//head[@rend='h1']") is not None or title.casefold() in map(str.casefold, kept)
    return "\n".join(kept if headed or not title else [title, *kept])


def _refuse_hostile(page: str, name: str) -> None:
    """Refuse what no article has so much of; counted by tags, whether or not the parser takes them for such."""
    if len(page) > _MOST_CHARACTERS:
        raise InputError(
            f"{name}: the page has {len(page):,} characters; at most {_MOST_CHARACTERS:,} are read. "
            "Save its text as .txt."
        )
    elements = len(_OPENING.findall(page))  # a parser begins a new one after a stray quote, too
    for tag in (*_TAG.finditer(page), *_BARE.finditer(page)):
        if tag.end() - tag.start() > _LONG_TAG and len(_BETWEEN.split(_VALUE.sub(" ", tag[0]))) > _MOST_ATTRIBUTES:
            raise InputError(
                f"{name}: a tag of the page has more than {_MOST_ATTRIBUTES} attributes. Save its text as .txt."
            )
    if elements > _MOST_ELEMENTS:
        raise InputError(
            f"{name}: the page has {elements:,} elements; at most {_MOST_ELEMENTS:,} are read. Save its text as .txt."
        )


def _without_controls(reference: re.Match[str]) -> str:
    """Leave out a reference to a character that XML cannot hold; the whole page would be refused for it."""
    digits = reference[1]
    code = int(digits[1:], 16) if digits[0] in "xX" else int(digits)
    return reference[0] if code >= 32 or code in (9, 10, 13) else ""


@contextmanager
def _silenced(name: str) -> Iterator[None]:
    """Keep a package's log quiet: what it has to say of a page is said in the error raised."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)


def _element_lines(element: object) -> list[str]:
    """Give the text of an element; line breaks and blocks inside it divide it."""
    from lxml import etree

    parts: list[list[str]] = [[]]
    for event, node in etree.iterwalk(element, events=("start", "end")):
        inner = node is not element and (node.tag in _BLOCK_TAGS or node.tag == "lb")
        if inner:
            parts.append([])
        if event == "start":
            parts[-1].append(node.text or "")
        elif node is not element:
            parts[-1].append(node.tail or "")
    return ["".join(part) for part in parts]
