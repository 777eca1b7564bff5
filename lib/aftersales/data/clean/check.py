"""A dry run: would the profile's sources become tables? Reads a little, changes nothing."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa

from aftersales import words
from aftersales.data.clean import plausible, stage
from aftersales.data.clean.parts import Part
from aftersales.data.clean.rows import Plan, Rows, plan
from aftersales.data.mapping.mapping import TableMapping, read_mapping
from aftersales.data.read.sources import SourceReader
from aftersales.data.store.account import Account
from aftersales.errors import ConfigError
from aftersales.profile.config import Profile
from aftersales.words import say

ENOUGH = 50_000  # records that tell whether a mapping fits


def check_profile(profile: Profile, *, raw: Path, as_of: pd.Timestamp | None = None) -> list[str]:
    """Read the first records of every table and say what cleaning would find in it.

    Parameters
    ----------
    raw : the folder that the file patterns of `sources.yaml` are relative to
    as_of : last complete day; overrides `as_of` of `sources.yaml`

    Returns
    -------
    list of lines, for every table what was read, how full its columns are, and what the steps
    found; all steps that look at one row are tried, those that compare rows are not

    Raises
    ------
    ConfigError, DataError
        As `clean_profile` would for the same reasons.
    """
    day = as_of if as_of is not None else declared_day(profile)
    lines = []
    for mapping in read_mapping(profile).values():
        made = plan(mapping, profile=profile, as_of=day, key=b"")
        lines += _check_table(mapping, made, raw=Path(raw))
    return lines


def declared_day(profile: Profile) -> pd.Timestamp | None:
    """The last complete day that `sources.yaml` declares."""
    if profile.as_of is None:
        return None
    try:
        return pd.Timestamp(profile.as_of).normalize()
    except ValueError:
        raise ConfigError(
            f'as_of "{profile.as_of}" in config/{profile.name}/sources.yaml is not a day; '
            "write it like 2025-12-31."
        ) from None


def _check_table(mapping: TableMapping, made: Plan, *, raw: Path) -> list[str]:
    reader = SourceReader(mapping, raw=raw, rows=stage.BATCH_ROWS)
    records, broken = _first(reader)
    rows = stage.run(Rows(records), made)
    part = Part("", raw, rows=len(rows.source))
    staged = stage.Staged(made, Account(mapping.table), [part])
    n = len(records) + len(broken)
    staged.account.add([*stage.read_notes(n, []), *stage.broken_notes(broken), *rows.notes])
    plausible.check(staged)
    kept = say(
        "{table}: {kept} of the first {n} rows can be used.",
        table=mapping.table,
        kept=words.count(len(rows.source)),
        n=words.count(n),
    )
    filled = [_filled(rows, name) for name in mapping.columns]
    told = [staged.account.said(x) for x in staged.account.all() if x.n and x.message != "read"]
    return [kept, *filled, *(f"  {text}" for text in told if text)]


def _first(reader: SourceReader) -> tuple[pa.Table, pa.Table]:
    """The first `ENOUGH` records or a few more, and the broken ones among them."""
    records, broken, n = [], [], 0
    for batch in reader.batches():
        records.append(batch.records)
        broken.append(batch.broken)
        n += len(batch.records)
        if n >= ENOUGH:
            break
    return pa.concat_tables(records).combine_chunks(), pa.concat_tables(broken)


def _filled(rows: Rows, name: str) -> str:
    cells = rows.columns[name]
    share = 1 - cells.null_count / len(cells) if len(cells) else 0.0
    return say("  {column}: {share} filled", column=name, share=words.percent(share))
