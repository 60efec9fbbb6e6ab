"""Rows of Parquet files: unpacked piece by piece, and never more than fits memory, whatever the file says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO

from stance.errors import InputError, MissingExtraError, Place

__all__ = ["parquet_rows"]

_ROWS = 1024
"""Rows read at once."""
_MOST_UNPACKED = 1 << 30
"""Bytes that the columns of a row group may have when they are unpacked: files are written with a tenth of that."""
_MOST_ROWS = 1 << 20
"""Rows that a file may have whatever its size."""
_DENSEST = 64
"""Rows a byte of larger files at most: a text takes more than a bit, however often it comes."""


def parquet_rows(
    file: BinaryIO, name: str, choose: Callable[[Sequence[str]], Sequence[str]] | None = None
) -> Iterator[tuple[Place, dict[str, Any] | InputError]]:
    """Read the rows of a Parquet file.

    Args:
        file: The file, binary and seekable.
        name: What messages call it.
        choose: Gives the columns to read of those that are there; None reads all.

    Yields:
        Where the row stands (``"rows.parquet: row 17"``), and column -> value, or what is wrong with it.

    Raises:
        InputError: If it is no Parquet file, is damaged, or would unpack to more than fits memory.
        MissingExtraError: If pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise MissingExtraError(f"{name}: reading Parquet", "parquet") from None
    try:
        table = parquet.ParquetFile(file)
        header = table.schema_arrow.names
        wanted = list(header if choose is None else choose(header))
        _refuse_bomb(table.metadata, wanted, file, name)
        # A text that comes often is stored once; so it stays until its row is read.
        strings = [
            field.name for field in table.schema_arrow if field.name in wanted and pa.types.is_string(field.type)
        ]
        file.seek(0)
        table = parquet.ParquetFile(file, read_dictionary=strings)
        number = 0
        for batch in table.iter_batches(batch_size=_ROWS, columns=wanted):
            for at in range(batch.num_rows):
                number += 1
                yield _row(batch, at, Place(name, row=number))
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{name}: cannot be read as Parquet ({error}).") from error


def _row(batch: Any, at: int, place: Place) -> tuple[Place, dict[str, Any] | InputError]:  # noqa: ANN401 - of pyarrow
    try:
        return place, {name: cells[at].as_py() for name, cells in zip(batch.schema.names, batch.columns, strict=True)}
    except (ValueError, OverflowError) as error:  # bytes that are no UTF-8, a date that is none
        return place, InputError(f"{place}: cannot be read ({error}).", place=place)


def _refuse_bomb(metadata: Any, wanted: Sequence[str], file: BinaryIO, name: str) -> None:  # noqa: ANN401 - of pyarrow
    size = file.seek(0, 2)
    if metadata.num_rows > max(_MOST_ROWS, _DENSEST * size):
        raise InputError(f"{name}: says that it has {metadata.num_rows:,} rows in {size:,} bytes. Give a smaller file.")
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        columns = (group.column(at) for at in range(group.num_columns))
        unpacked = sum(
            column.total_uncompressed_size for column in columns if column.path_in_schema.partition(".")[0] in wanted
        )
        if unpacked > _MOST_UNPACKED:
            raise InputError(
                f"{name}: row group {number + 1} unpacks to {unpacked >> 20:,} MiB; at most {_MOST_UNPACKED >> 20:,} "
                "are read. Write it in smaller row groups."
            )
