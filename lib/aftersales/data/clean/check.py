"""A dry run: would the profile's sources become tables? Reads a little, changes nothing."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa

from aftersales import words
from aftersales.data.clean import stage
from aftersales.data.clean.doubts import meaning, plausible
from aftersales.data.clean.doubts.losses import lines, lost, rejected_share
from aftersales.data.clean.doubts.unmapped import guesses
from aftersales.data.clean.parts import Part
from aftersales.data.clean.rows import Plan, Rows, plan
from aftersales.data.mapping.mapping import TableMapping, read_mapping
from aftersales.data.read.batch import FILE
from aftersales.data.read.sources import SourceReader
from aftersales.data.store.account import Account, Note
from aftersales.errors import ConfigError
from aftersales.profile.config import Profile
from aftersales.words import say

ENOUGH = 50_000  # records that tell whether a mapping fits


@dataclass(frozen=True)
class Checked:
    """What the first rows of a table show: lines for readers, and the share that is rejected."""

    table: str
    lines: list[str]
    rejected: float


def check_profile(
    profile: Profile, *, raw: Path, as_of: pd.Timestamp | None = None
) -> list[Checked]:
    """Read the first records of every table and say what cleaning would find in it.

    Parameters
    ----------
    raw : the folder that the file patterns of `sources.yaml` are relative to
    as_of : last complete day; overrides `as_of` of `sources.yaml`

    Returns
    -------
    list, for every table what was read, what would be lost, the worst first, how full its columns
        are, and what the steps found; all steps that look at one row are tried, those that
        compare rows are not

    Raises
    ------
    ConfigError, DataError
        As `clean_profile` would for the same reasons.
    """
    day = as_of if as_of is not None else declared_day(profile)
    found = []
    for mapping in read_mapping(profile).values():
        made = plan(mapping, profile=profile, as_of=day, key=b"")
        found.append(_check_table(mapping, made, raw=Path(raw)))
    return found


def declared_day(profile: Profile) -> pd.Timestamp | None:
    """The last complete day that `sources.yaml` declares."""
    if profile.as_of is None:
        return None
    try:
        return pd.Timestamp(datetime.date.fromisoformat(profile.as_of[:10]))
    except ValueError:
        raise ConfigError(
            f'as_of "{profile.as_of}" in config/{profile.name}/sources.yaml is not a day; '
            "write it like 2025-12-31."
        ) from None


def _check_table(mapping: TableMapping, made: Plan, *, raw: Path) -> Checked:
    reader = SourceReader(mapping, raw=raw, rows=stage.BATCH_ROWS)
    records, broken, said = _first(reader)
    rows = stage.run(Rows(records), made)
    part = Part("", raw, rows=len(rows.source))
    staged = stage.Staged(made, Account(mapping.table), [part])
    n = len(records) + len(broken)
    account = staged.account
    account.add([*stage.read_notes(n, []), *said, *stage.broken_notes(broken), *rows.notes])
    plausible.check(staged)
    meaning.check(made, account, partial(_asked, rows))
    kept = say(
        "{table}: {kept} of the first {n} rows can be used.",
        table=mapping.table,
        kept=words.count(len(rows.source)),
        n=words.count(n),
    )
    records_n = n - account.total("select")
    share = rejected_share(account.all(), rows=records_n)
    worst = [_would_go(share)] if share else []
    told = lost(account.all(), rows=records_n)
    filled = [_filled(rows, name) for name in mapping.columns]
    gone = {text for _, text in told}
    mapped = {*mapping.source_columns, *mapping.columns}
    other = [
        account.said(x)
        for x in account.all()
        if x.n and x.message != "read" and x.values.get("column", next(iter(mapped))) in mapped
    ]
    rest = [f"  {text}" for text in other if text and text not in gone]
    guessed = guesses(records, made)
    return Checked(mapping.table, [kept, *worst, *lines(told), *guessed, *filled, *rest], share)


def _would_go(share: float) -> str:
    return say("  {share} of the rows would be rejected", share=words.percent(share))


def _asked(rows: Rows, sql: str) -> pd.DataFrame:
    """The result of `sql` over rows that went through the steps."""
    table = pa.table({**rows.columns, FILE: rows.source[FILE]})
    with duckdb.connect() as connection:
        connection.register("rows", table)
        return connection.sql(sql).df()


def _first(reader: SourceReader) -> tuple[pa.Table, pa.Table, list[Note]]:
    """The first `ENOUGH` records or a few more, the broken ones among them, and remarks."""
    records, broken, said, n = [], [], [], 0
    for batch in reader.batches():
        said += batch.notes
        records.append(batch.records)
        broken.append(batch.broken)
        n += len(batch.records)
        if n >= ENOUGH:
            break
    return pa.concat_tables(records).combine_chunks(), pa.concat_tables(broken), said


def _filled(rows: Rows, name: str) -> str:
    cells = rows.columns[name]
    share = 1 - cells.null_count / len(cells) if len(cells) else 0.0
    return say("  {column}: {share} filled", column=name, share=words.percent(share))
