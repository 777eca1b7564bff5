"""Writes the sample's raw files, block by block, in the formats its systems export."""

from __future__ import annotations

import gzip
import io
import json
import re
import zipfile
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from aftersales.sample.dirt.soil import Columns

LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip archive can hold


class RawFiles:
    """Open raw files of a folder; the same name goes on where it was left.

    Used as a context; `paths` lists what was written.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.paths: list[Path] = []
        self._open: dict[str, IO[bytes]] = {}
        self._parquet: dict[str, pa.parquet.ParquetWriter] = {}
        self._stack = ExitStack()

    def __enter__(self) -> RawFiles:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *failure) -> None:
        self._stack.close()

    def csv(
        self,
        name: str,
        columns: Columns,
        *,
        encoding: str = "utf-8",
        delimiter: str = ",",
        broken: int = 0,
    ) -> None:
        """Append rows; `broken` records that end in the middle stand among them."""
        header = name not in self._open
        table = pa.table({key: pa.array(values) for key, values in columns.items()})
        half = len(table) // 2
        lines = _csv(table[:half], delimiter, header=header)
        lines += _torn(table[:broken], delimiter) + _csv(table[half:], delimiter, header=False)
        if encoding != "utf-8":
            lines = lines.decode("utf-8").encode(encoding) if header else _plain(lines, encoding)
        self._stream(name).write(lines)

    def json_lines(self, name: str, columns: Columns) -> None:
        """Append one JSON object per row; empty text becomes null."""
        rows = zip(*(values.tolist() for values in columns.values()), strict=True)
        made = (
            dict(zip(columns, (None if v == "" else v for v in row), strict=True)) for row in rows
        )
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in made)
        self._stream(name).write(lines.encode("utf-8"))

    def parquet(self, name: str, columns: Columns) -> None:
        """Append a row group; times have whole seconds, empty text becomes null."""
        table = pa.table({key: _typed(values) for key, values in columns.items()})
        if name not in self._parquet:
            writer = pa.parquet.ParquetWriter(self._path(name), table.schema)
            self._parquet[name] = self._stack.enter_context(writer)
        self._parquet[name].write_table(table)

    def excel(self, name: str, columns: Columns, *, sheet: str) -> None:
        """Write a workbook with one sheet; the same rows give the same bytes."""
        book = openpyxl.Workbook()
        book.active.title = sheet
        book.active.append(list(columns))
        for row in zip(*columns.values(), strict=True):
            book.active.append(list(row))
        made = io.BytesIO()
        book.save(made)
        self._path(name).write_bytes(_undated(made))

    def json(self, name: str, content: object) -> None:
        """Write a JSON document."""
        text = json.dumps(content, ensure_ascii=False, indent=1)
        self._path(name).write_text(text + "\n", encoding="utf-8")

    def _path(self, name: str) -> Path:
        self.paths.append(self.folder / name)
        return self.paths[-1]

    def _stream(self, name: str) -> IO[bytes]:
        if name not in self._open:
            stream = self._stack.enter_context(self._path(name).open("wb"))
            if name.endswith(".gz"):
                packed = gzip.GzipFile("", "wb", compresslevel=4, fileobj=stream, mtime=0)
                stream = self._stack.enter_context(packed)
            self._open[name] = stream
        return self._open[name]


def _csv(table: pa.Table, delimiter: str, *, header: bool) -> bytes:
    options = pa.csv.WriteOptions(include_header=header, delimiter=delimiter)
    sink = io.BytesIO()
    pa.csv.write_csv(table, sink, options)
    return sink.getvalue()


def _torn(table: pa.Table, delimiter: str) -> bytes:
    """The rows as a crashed export leaves them: the first two fields of each."""
    return _csv(table.select(table.column_names[:2]), delimiter, header=False)


def _plain(lines: bytes, encoding: str) -> bytes:
    """Later lines of a file, which carry no byte order mark."""
    return lines.decode("utf-8").encode(encoding.removesuffix("-sig"))


def _typed(values: np.ndarray) -> pa.Array:
    array = pa.array(values)
    if pa.types.is_string(array.type):
        return pc.if_else(pc.equal(array, ""), pa.scalar(None, pa.string()), array)
    return array


def _undated(book: io.BytesIO) -> bytes:
    """The workbook without the times at which it was written."""
    clean = io.BytesIO()
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(clean, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT[\d:]+Z", b"1980-01-01T00:00:00Z", content)
            new.writestr(zipfile.ZipInfo(entry.filename, LONG_AGO), content)
    return clean.getvalue()
