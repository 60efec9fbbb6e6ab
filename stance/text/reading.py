"""What can be read, and how: formats, their names, and what a user says of the files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from stance.errors import InputError, suggest

__all__ = ["FORMATS", "SUFFIXES", "Reading"]

FORMATS = ("text", "html", "jsonl", "csv", "tsv", "parquet")
"""What can be read; Markdown is text."""

SUFFIXES = {
    ".txt": "text",
    ".text": "text",
    ".md": "text",
    ".markdown": "text",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
}
"""What a file is by the end of its name; a file that is named itself, and has another, is taken for text."""
_REFUSED = {
    ".json": "JSON is read one object a line. Convert it (jq -c '.[]'), or give --input-format jsonl",
    ".xml": "XML is not read. Give its text, or --input-format html if it is a page",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """How files are read.

    Attributes:
        form: One of `FORMATS`; None lets each file's name tell.
        text_column: Field or column with the text, in tables.
        id_column: Field or column with the id, in tables; rows need not have one.
        source_columns: Fields or columns kept as `Document.source`, in tables.
        encoding: The encoding; None means UTF-8 or, for what is not, the one detected.
        unit: ``"row"`` takes every text as one paragraph, ``"document"`` cuts every text into paragraphs; None cuts
            texts and pages, and takes rows of tables whole.

    Raises:
        InputError: If the form or the unit is unknown.
    """

    form: str | None = None
    text_column: str = "text"
    id_column: str = "id"
    source_columns: tuple[str, ...] = ()
    encoding: str | None = None
    unit: Literal["document", "row"] | None = None

    def __post_init__(self) -> None:
        if self.form is not None and self.form not in FORMATS:
            raise InputError(f"Unknown input format {self.form!r}: {suggest(self.form, FORMATS)}.")
        if self.unit not in (None, "document", "row"):
            raise InputError(f"Unknown unit {self.unit!r}: expected 'document', 'row' or None.")

    def form_of(self, name: str) -> str:
        """Tell what a file is.

        Raises:
            InputError: If its name is that of a format that is not read.
        """
        suffix = Path(name).suffix.lower()
        if self.form is None and suffix in _REFUSED:
            raise InputError(f"{name}: {_REFUSED[suffix]}.")
        return self.form or SUFFIXES.get(suffix, "text")
