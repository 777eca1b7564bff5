"""The header of a CSV file: its columns, and the delimiter, told from header and first records."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from aftersales.data.mapping.mapping import DELIMITERS, TableMapping
from aftersales.data.read.batch import FILE, LINE
from aftersales.data.read.text.lines import split_lines
from aftersales.data.read.text.textfile import UNREADABLE, TextFile
from aftersales.errors import DataError

_RARE = (":", "^", "~", "#", "\x01")  # never detected, only suggested
_SAMPLE = 1 << 17  # characters looked at; a header cannot be longer
_TITLES = 20  # records among which a header is looked for
_RECORDS = 200  # records compared with the header
_SEP = re.compile(r"\ufeff?sep=(.)\r?\n?$", re.IGNORECASE)  # how Excel is told the delimiter
_FORMULA = re.compile(r'="(.*)"')  # how a text is kept from being read as a number
_ENOUGH = 10  # fewer records than this say little about the delimiter


@dataclass(frozen=True)
class Header:
    """The columns of a file, what divides them, and where the records begin.

    `lines` are the physical lines up to the first record, `size` their bytes in UTF-8.
    """

    names: tuple[str, ...]
    delimiter: str
    lines: int
    size: int
    quotes: bool = True  # whether quotes may enclose delimiters and line breaks


def read_header(file: TextFile, mapping: TableMapping) -> Header:
    """The header of a text file, as declared in `mapping` or as its first lines show.

    Raises
    ------
    DataError
        For a file without records, a delimiter that gives one column or unequal records, repeated
        or unreadable names.
    """
    lines, whole = _first_lines(file.chunks())
    said = _SEP.match(lines[0]) if lines and not mapping.skip_rows else None
    skipped = 1 if said else mapping.skip_rows
    above, lines = lines[:skipped], lines[skipped:]
    wanted = set() if mapping.query else set(mapping.source_columns)
    if delimiter := mapping.delimiter or (said and said[1]):
        chosen = _Reading(lines, delimiter, wanted)
    else:
        readings = [_Reading(lines, delimiter, wanted) for delimiter in DELIMITERS]
        chosen = max(readings, key=lambda reading: reading.score)
    if not chosen.names:
        raise DataError(f"{file.path} has no header line; export it again with column names.")
    _check_titles(chosen, above + lines, wanted, mapping, path=file.path)
    _check_delimiter(chosen, lines, wanted, path=file.path, place=mapping.place)
    if whole and not "".join(lines[chosen.lines :]).strip():
        raise DataError(
            f"{file.path} has a header but no records; export it again, or remove the file."
        )
    return Header(
        names=checked_names(map(bare, chosen.names), path=file.path, wanted=wanted),
        delimiter=chosen.delimiter,
        lines=len(above) + chosen.lines,
        size=sum(len(line.encode()) for line in [*above, *lines[: chosen.lines]]),
        quotes=mapping.quotes,
    )


def checked_names(
    names: Collection[str], *, path: Path | str, wanted: Collection[str] = ()
) -> tuple[str, ...]:
    """Column names without outer blanks; nameless columns get their number as name.

    Columns of one name are told apart by a number behind it, as in `Labels (2)`; to map one of
    them by the bare name is an error.

    >>> checked_names(["id", "Labels", "Labels"], path="t.csv")
    ('id', 'Labels (1)', 'Labels (2)')
    """
    found = [str(n).strip() or f"column_{i}" for i, n in enumerate(names, start=1)]
    numbers: Counter[str] = Counter()
    told: list[str] = []
    for name in found:
        if name in (FILE, LINE):
            raise DataError(f'{path}: a column is named "{name}", which is reserved; rename it.')
        if UNREADABLE in name:
            raise DataError(
                f"{path}: the header holds bytes that cannot be read; "
                "declare the right `encoding:` in sources.yaml."
            )
        numbers[name] += 1
        told.append(f"{name} ({numbers[name]})" if found.count(name) > 1 else name)
    for name, times in numbers.items():
        if times > 1 and (name in wanted or len(set(told)) < len(told)):
            places = [str(i) for i, n in enumerate(found, start=1) if n == name]
            raise DataError(
                f'{path}: the header names "{name}" {times} times (columns {", ".join(places)}); '
                f'map the one that is meant as "{name} (1)", "{name} (2)" and so on.'
            )
    return tuple(told)


def header_hint(
    rows: Sequence[tuple[int, list[str]]], wanted: Collection[str], *, chosen: int
) -> tuple[str, int] | None:
    """Which row seems to be the header, and the rows above it; None if none fits better.

    Parameters
    ----------
    rows : number and cells of the first rows
    chosen : how many of the `wanted` columns the row has that was taken for the header
    """
    scores = [(len(set(wanted) & set(cells)), -number) for number, cells in rows]
    best, number = max(scores, default=(0, 0))
    if best <= chosen:
        return None
    return f"the header seems to be in row {-number}", -number - 1


def bare(name: str) -> str:
    """A name without the formula that some shops' exports write round every cell.

    >>> bare('="订单编号"')
    '订单编号'
    """
    match = _FORMULA.fullmatch(name.strip())
    return match[1] if match else name


def _check_titles(
    chosen: _Reading, lines: list[str], wanted: set[str], mapping: TableMapping, *, path: Path
) -> None:
    """Titles above the header: none of the wanted columns is in the first row, but in a later."""
    if len(wanted & set(map(str.strip, chosen.names))) * 2 >= len(wanted):
        return
    readings = [_Reading(lines, d, set()) for d in {chosen.delimiter, *DELIMITERS}]
    hints = [header_hint(reading.rows, wanted, chosen=len(wanted) // 2) for reading in readings]
    found = next(filter(None, hints), None)
    if found and found[1]:
        raise DataError(f"{path}: {found[0]}: write `skip_rows: {found[1]}` in {mapping.place}.")


def _first_lines(chunks: Iterator[bytes]) -> tuple[list[str], bool]:
    """The first lines of a text, and whether they are all of it."""
    raw, whole = b"", True
    for chunk in chunks:
        raw += chunk
        if len(raw) > _SAMPLE:
            whole = False
            break
    lines = split_lines(raw[: _SAMPLE if not whole else None].decode("utf-8", "replace"))
    return (lines if whole else lines[:-1]), whole


class _Reading:
    """The first lines read with one delimiter."""

    def __init__(self, lines: list[str], delimiter: str, wanted: set[str]) -> None:
        self.delimiter, self.names, self.lines = delimiter, [], 0
        self.rows: list[tuple[int, list[str]]] = []  # line and cells of the first records
        widths = []
        reader = csv.reader(lines, delimiter=delimiter)
        try:
            for record in reader:
                if len(self.rows) < _TITLES:
                    self.rows.append((reader.line_num, [bare(cell).strip() for cell in record]))
                if record and not self.names:
                    self.names, self.lines = record, reader.line_num
                elif record and len(widths) < _RECORDS:
                    widths.append(len(record))
        except csv.Error:  # a cell beyond csv's limit: a quote that is not closed
            pass
        self.widths = widths
        self.fitting = widths.count(len(self.names)) / len(widths) if widths else 1.0
        self.score = (
            len(wanted & {bare(name).strip() for name in self.names}),
            self.fitting if len(self.names) > 1 else 0.0,
            len(self.names),
        )


def _check_delimiter(
    chosen: _Reading, lines: list[str], wanted: set[str], *, path: Path, place: str
) -> None:
    if len(chosen.names) == 1 and not (wanted and wanted <= {chosen.names[0].strip()}):
        others = [d for d in (*DELIMITERS, *_RARE) if d != chosen.delimiter]
        best = max((_Reading(lines, d, wanted) for d in others), key=lambda r: r.score)
        if len(best.names) == 1 and not wanted:
            return
        hint = (
            f'the delimiter is probably "{_shown(best.delimiter)}": write it as `delimiter:` in'
            if len(best.names) > 1
            else "set `delimiter:`, or `skip_rows:` for lines above the header, in"
        )
        raise DataError(
            f'{path} gives a single column with delimiter "{_shown(chosen.delimiter)}"; '
            f"{hint} {place}."
        )
    if len(chosen.widths) >= _ENOUGH and chosen.fitting < 0.5:
        usual = Counter(chosen.widths).most_common(1)[0][0]
        raise DataError(
            f"{path}: most records have {usual} fields, but its header {len(chosen.names)} with "
            f'delimiter "{_shown(chosen.delimiter)}"; correct `delimiter:` or `skip_rows:` in '
            f"{place}, or the header."
        )


def _shown(delimiter: str) -> str:
    return {"\t": "\\t", "\x01": "\\x01"}.get(delimiter, delimiter)
