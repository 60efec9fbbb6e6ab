"""Columns in, columns out: for tables that another library holds, cuts into batches and sends to processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stance.errors import InputError, suggest
from stance.prediction import Judge, Judging
from stance.reporting.outputs import flatten_row, paragraph_columns, stance_rows
from stance.text.decoding import is_blank
from stance.text.fields import is_missing

__all__ = ["ColumnPredictor"]


@dataclass(frozen=True, slots=True)
class ColumnPredictor:
    """Judges the texts of a column: ``dataset.map(ColumnPredictor(), batched=True)``.

    It can be sent to other processes: the model is loaded there when the first batch comes, and once in each. A text is
    judged as one paragraph. In the same batches the results are the same to the bit; in others they differ in the last
    digits of probabilities.

    Attributes:
        judging: What is asked of the texts.
        text_column: The column with the texts.
        prefix: What the names of new columns begin with.

    >>> found = ColumnPredictor(Judging(targets=("NATO",)))({"text": ["NATO has kept the peace. We thank it.", None]})
    >>> list(found)
    ['NATO', 'NATO_favor', 'NATO_against', 'NATO_neutral', 'NATO_absent']
    >>> found["NATO"]
    ['favor', None]
    """

    judging: Judging = field(default_factory=Judging)
    text_column: str = "text"
    prefix: str = ""

    def __call__(self, batch: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
        """Judge a batch.

        Args:
            batch: Column -> values, one a row.

        Returns:
            New columns, for each target T: ``T`` the label, ``T_favor`` and so on the probabilities and, where a risk
            is asked for, ``T_labels`` ("favor|neutral") and ``T_abstained``. None where the text is None, NaN or has
            no words.

        Raises:
            InputError: If there is no column of the texts, it is that of a single row, a value of it is no text, or a
                new column is there already.
        """
        if not hasattr(batch, "keys"):  # a table of pyarrow, or rows
            raise InputError(f"Expected columns by name, as a dict holds them; found {type(batch).__name__}.")
        if self.text_column not in batch:
            raise InputError(
                f"No column {self.text_column!r} for the text: {suggest(self.text_column, batch)}. Give text_column."
            )
        judge = Judge.load(self.judging)
        columns = self.columns(judge)
        double = next((name for name in columns.values() if name in batch), None)
        if double is not None:
            raise InputError(f"The batch has a column {double!r} already. Give a prefix for the new columns.")
        given = batch[self.text_column]
        if given is None or isinstance(given, str):  # else each letter would be a text
            raise InputError(
                f"Expected a batch: a column {self.text_column!r} of texts; found one row. Give batched=True to map."
            )
        texts: list[Any] = [None if is_missing(text) else text for text in given]
        for number, text in enumerate(texts):
            if text is not None and not isinstance(text, str):
                raise InputError(f"Row {number} of the batch: expected a text, found {type(text).__name__}.")
        judged = iter(judge.predict([text for text in texts if not _is_empty(text)]))
        rows: list[dict[str, Any]] = [
            {} if _is_empty(text) else flatten_row({"stances": stance_rows(next(judged))}) for text in texts
        ]
        return {name: [row.get(column) for row in rows] for column, name in columns.items()}

    def columns(self, judge: Judge) -> dict[str, str]:
        """Name the columns that come: as they are called elsewhere, and here."""
        names = [target.name for target in judge.targets]
        risk = self.judging.abstain_risk is not None
        given = paragraph_columns(names, label_sets=risk)[len(paragraph_columns(())) :]
        return {column: self.prefix + column for column in given}


def _is_empty(text: str | None) -> bool:
    return text is None or is_blank(text)
