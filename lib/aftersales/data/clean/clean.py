"""Raw files in, processed tables out: every row kept, or left out with a reason.

The first half (`stage`) reads each table in batches and runs the pure steps; the second half
(`duplicates`, `joins`) compares rows and tables in DuckDB. Both stay within bounded memory. The
new processed folder takes the place of the old one only when it is complete.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from aftersales import __version__
from aftersales.data.clean import duplicates, joins, rejects
from aftersales.data.clean.check import check_profile, declared_day
from aftersales.data.clean.doubts import meaning, plausible
from aftersales.data.clean.joins import Finished
from aftersales.data.clean.parts import REJECTED as REJECTED_ROWS
from aftersales.data.clean.rows import REASON, plan
from aftersales.data.clean.stage import Progress, Staged, stage
from aftersales.data.mapping import schema
from aftersales.data.mapping.mapping import read_mapping
from aftersales.data.privacy.privacy import read_key
from aftersales.data.read import values
from aftersales.data.store import account
from aftersales.data.store.account import Note
from aftersales.data.store.folder import KEPT, LOG_PARTS, REJECTED, STAGING, replacing
from aftersales.data.store.manifest import (
    CLEANING_LOG,
    Input,
    Manifest,
    TableCount,
    sha256,
    write_manifest,
)
from aftersales.errors import DataError, RunError
from aftersales.profile.config import Profile

__all__ = ["check_profile", "clean_profile"]
MEMORY = "600MB"  # what DuckDB may use in the second half before it spills to disk


def clean_profile(
    profile: Profile,
    *,
    raw: Path,
    processed: Path,
    progress: Progress | None = None,
    as_of: pd.Timestamp | None = None,
    force: bool = False,
) -> Manifest:
    """Clean all tables of a profile into `processed`, which is replaced as a whole.

    Parameters
    ----------
    raw : the folder that the file patterns of `sources.yaml` are relative to
    processed : the folder that will hold `manifest.json` and the tables
    progress : called after each batch with the table's name and its rows read so far
    as_of : last complete day; overrides `as_of` of `sources.yaml`. Without either it is the last
        day of the first table's time column, and no date counts as lying in the future.
    force : read every raw file again. Without it the rows of files that have not changed since
        the last run are taken over from there (see `parts`).

    Returns
    -------
    Manifest
        For every table ``read == kept + duplicates + rejected``.

    Raises
    ------
    ConfigError, DataError
        The profile or the data cannot be used; `processed` is as it was.
    """
    mappings = read_mapping(profile)
    day = as_of if as_of is not None else declared_day(profile)
    key = read_key()
    with replacing(Path(processed), tables=set(schema.TABLES)) as new:
        staged = {}
        for name, mapping in mappings.items():
            made = plan(mapping, profile=profile, as_of=day, key=key)
            old = None if force else Path(processed) / KEPT / name
            staged[name] = stage(
                made,
                raw=Path(raw),
                folder=new / KEPT / name,
                scratch=new / STAGING / name,
                old=old,
                progress=progress,
            )
            plausible.check(staged[name])
            meaning.check(made, staged[name].account, partial(_asked, staged[name]))
        return _finish(profile, staged, new=new, day=day)


def _asked(staged: Staged, sql: str) -> pd.DataFrame:
    """The result of `sql` over the rows of a staged table."""
    with duckdb.connect() as connection:
        connection.execute(f"create view rows as {staged.select()}")
        return connection.sql(sql).df()


def _finish(
    profile: Profile, staged: Mapping[str, Staged], *, new: Path, day: pd.Timestamp | None
) -> Manifest:
    """The second half, and the papers that go with the tables."""
    (new / REJECTED).mkdir()
    values.release()
    config = {"memory_limit": MEMORY, "temp_directory": str(new / STAGING / "spilled")}
    with duckdb.connect(config=config) as connection:
        with suppress(duckdb.Error):  # Jupyter without ipywidgets: there is none to switch off
            connection.execute("set enable_progress_bar = false")
        done: dict[str, Finished] = {}
        for name in joins.in_order(staged):
            duplicates.judge(staged[name], connection)
            done[name] = joins.finish(
                staged[name], connection, folder=new, others=done, tree=profile.regions
            )
        counts = {}
        for name, table in staged.items():
            table.account.add(joins.count_joins(done[name], connection, others=done))
            counts[name] = _count(table, done[name], connection)
        last = day if day is not None else _last_day(counts)
    manifest = Manifest(
        schema.SCHEMA_VERSION, __version__, profile.name, f"{last:%Y-%m-%d}", counts
    )
    return _write_papers(profile, manifest, staged, new)


def _count(staged: Staged, done: Finished, connection: duckdb.DuckDBPyConnection) -> TableCount:
    """Count a finished table from what was written, and hold it against what was read."""
    name, told = done.table, staged.account
    read = told.total("read") - told.total("select")
    rejected = _write_rejected(staged, done, connection)
    copies = connection.execute(
        f"select count(*) from verdict_{name} where verdict = '{duplicates.DUPLICATE}'"
    ).fetchall()[0][0]
    time = schema.time_column(name)
    span = f'min("{time}"), max("{time}")' if time in done.columns else "null, null"
    kept, first, last = connection.execute(f"select count(*), {span} from done_{name}").fetchall()[
        0
    ]
    if read != kept + copies + rejected:
        raise RunError(
            f"{name}: {read:,} rows were read, but {kept:,} kept, {copies:,} duplicate and "
            f"{rejected:,} rejected do not add up to them. This is a fault of the program; "
            "nothing was changed."
        )
    said = {"read": read, "duplicates": copies, "rejected": rejected}
    told.add([Note("kept", "kept", kept, said)])
    files = sorted((done.folder / name).rglob("*.parquet"))
    return TableCount(
        read=read,
        kept=kept,
        duplicates=copies,
        rejected=rejected,
        columns=done.columns,
        inputs=[Input(**entry) for entry in staged.inputs],
        first=first.isoformat() if first else "",
        last=last.isoformat() if last else "",
        files={f.relative_to(done.folder / name).as_posix(): sha256(f) for f in files},
    )


def _write_rejected(staged: Staged, done: Finished, connection: duckdb.DuckDBPyConnection) -> int:
    """Gather the rows rejected in both halves in one file; their number."""
    name, path = done.table, done.folder / REJECTED / f"{done.table}.parquet"
    query = (
        f"select s.*, v.reason as {REASON} from staged_{name} s join verdict_{name} v "
        f"using (__row) where v.verdict = '{duplicates.REJECTED}' order by __row"
    )
    with rejects.Writer(path, staged.plan) as writer:
        for part in staged.parts:
            writer.write_file(part.folder / REJECTED_ROWS)
        for rows in connection.sql(query).to_arrow_reader(50_000):
            writer.write_cleaned(pa.Table.from_batches([rows]))
    return pq.read_metadata(path).num_rows


def _last_day(counts: Mapping[str, TableCount]) -> pd.Timestamp:
    """The last day of the tickets, else of the first table that has a time."""
    ordered = sorted(counts, key=lambda name: name != "tickets")
    for name in ordered:
        if counts[name].last:
            return pd.Timestamp(counts[name].last).normalize()
    raise DataError(
        "No table has a time, so the last day is not known; set `as_of` in sources.yaml."
    )


def _write_papers(
    profile: Profile, manifest: Manifest, staged: Mapping[str, Staged], new: Path
) -> Manifest:
    """Write the log and the manifest, which knows the files that reports will read."""
    notes = account.Account("")
    texts = profile.sources.get("notes") or []
    notes.add(Note("note", "note", 1, {"text": str(text)}) for text in texts)
    parts = pd.concat([a.rows() for a in (*(s.account for s in staged.values()), notes)])
    account.with_reasons(parts).to_csv(new / CLEANING_LOG, index=False, encoding="utf-8")
    account.write_parts(parts, path=new / LOG_PARTS)
    papers = [new / LOG_PARTS, *sorted((new / REJECTED).glob("*.parquet"))]
    known = {file.relative_to(new).as_posix(): sha256(file) for file in papers}
    manifest = replace(manifest, papers=known)
    write_manifest(manifest, folder=new)
    return manifest
