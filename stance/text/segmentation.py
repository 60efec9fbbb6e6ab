"""Cutting a document into blocks, lossless: every block is a slice of the document, only white space lies between."""

from __future__ import annotations

from stance.errors import InputError
from stance.schema import Document, Paragraph
from stance.text.kinds import classify_blocks
from stance.text.layout import group_lines, running_heads
from stance.text.lines import split_lines

__all__ = ["segment"]


def segment(document: str | Document) -> list[Paragraph]:
    r"""Cut a document into blocks and tell what each is.

    Line breaks are read as they are meant in the document: a paragraph may be a line, lines between blank lines, lines
    of one width, or sentences on lines of their own below an indented one. Page numbers and running heads stand apart,
    so a paragraph that goes over a page break comes in two blocks.

    Args:
        document: The document or its text.

    Returns:
        The blocks in order. ``document.text[block.start:block.end] == block.text`` for each; what lies between them is
        white space and characters without width. Empty for a document without words.

    Raises:
        InputError: If it is no text and no document, or has more than a million lines.

    >>> [(block.kind, block.text) for block in segment("A view\n\nBy Ann Lee\n\nNATO met today. It agreed.")]
    [('heading', 'A view'), ('metadata', 'By Ann Lee'), ('body', 'NATO met today. It agreed.')]
    """
    given = Document(document) if isinstance(document, str) else document
    if not isinstance(given, Document):
        raise InputError(
            f"Expected a text or a Document, found {type(document).__name__}. Read files with stance.read_documents."
        )
    try:
        lines = split_lines(given.text)
    except InputError as error:
        raise InputError(f"{given.name or 'Document'}: {error}") from None
    heads = running_heads(lines)
    groups = group_lines(lines, breaks=given.breaks, heads=heads)
    kinds = classify_blocks(groups, heads)
    return [
        Paragraph(given.text[group[0].start : group[-1].end], group[0].start, group[-1].end, kind, index)
        for index, (group, kind) in enumerate(zip(groups, kinds, strict=True))
    ]
