"""Lazy tables of a processed folder, the same on DuckDB, pandas and Spark."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

import duckdb
import narwhals as nw
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds

from aftersales.data.mapping.schema import SCHEMA_VERSION
from aftersales.data.store import account
from aftersales.data.store.folder import LOG_PARTS, recover
from aftersales.data.store.manifest import read_manifest
from aftersales.data.store.verified import verify
from aftersales.errors import DataError, RequestError, nearest
from aftersales.profile.config import Profile

Engine = Literal["duckdb", "pandas", "spark"]
_NULLABLE = {
    pa.int64(): pd.Int64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    pa.string(): pd.StringDtype(na_value=float("nan")),
}


@dataclass(frozen=True)
class Store:
    """The processed tables of a profile.

    Attributes
    ----------
    profile : the company's mapping
    folder : the processed folder, which holds `manifest.json`
    engine : what reads the Parquet files: "duckdb", "pandas" (small tables) or "spark"
    """

    profile: Profile
    folder: Path
    engine: Engine = "duckdb"
    _connections: dict[int, Any] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The parsed `manifest.json`: per table rows read, kept, duplicate, rejected, inputs."""
        return read_manifest(self.folder, profile=self.profile.name)

    @property
    def tables(self) -> list[str]:
        return list(self.manifest["tables"])

    @property
    def as_of(self) -> pd.Timestamp:
        """The last day on which the data are complete, at midnight."""
        return pd.Timestamp(self.manifest["as_of"])

    def columns(self, table: str) -> list[str]:
        """Columns of a table; a table the profile does not map is an error that lists ours."""
        if table not in self.manifest["tables"]:
            raise DataError(
                f'Profile {self.profile.name} has no table "{table}"; '
                f"{nearest(table, self.tables)} "
                f"Map it in config/{self.profile.name}/sources.yaml."
            )
        return list(self.manifest["tables"][table]["columns"])

    def has(self, table: str, *columns: str) -> bool:
        """Whether the table is there with all of `columns`."""
        return table in self.manifest["tables"] and set(columns) <= set(self.columns(table))

    def scan(self, table: str, *, region: str | None = None) -> nw.LazyFrame:
        """The rows of a table that lie in `region` or below it, not yet read.

        Parameters
        ----------
        table : name of the table
        region : id in the profile's tree; None reads everything. The root also holds the rows
            of region `unknown`. A table without a `region` column speaks for every region, so
            all its rows come back.
        """
        columns = self.columns(table)
        members = None
        if region is not None and "region" in columns:
            members = self.profile.regions.members(region)
        scan = {"duckdb": self._duckdb, "pandas": self._pandas, "spark": self._spark}[self.engine]
        return nw.from_native(scan(table, columns, members)).lazy()

    def cleaning_log(self, *, only_counted: bool = False) -> pd.DataFrame:
        """One row per step: ``table``, ``step``, ``rows_in``, ``rows_out``, ``reason``.

        With `only_counted`, the steps that found nothing are left out, and so are "read" and
        "kept".

        Reasons are said in the language in use; `cleaning_log.csv` has them in the language of
        the run.
        """
        parts = account.read_parts(self.folder / LOG_PARTS)
        if only_counted:
            told = parts["step"].isin(["read", "kept"])
            parts = parts[((parts["n"] > 0) & ~told) | (parts["step"] == "note")]
        return account.with_reasons(parts.reset_index(drop=True))

    def rejected(self, table: str) -> pd.DataFrame:
        """One row per rejected row of `table`: its columns as text, ``file``, ``line``,
        ``reason``. Personal columns are pseudonyms, all other text is masked."""
        self.columns(table)
        path = self.folder / "rejected" / f"{table}.parquet"
        if not path.is_file():
            return pd.DataFrame({"file": [], "line": [], "reason": []})
        return pd.read_parquet(path)

    def fingerprint(self, region: str | None = None) -> str:
        """A hash of the content that `scan(..., region=region)` can read, for all tables."""
        members = None if region is None else set(self.profile.regions.members(region))
        digest = hashlib.sha256(f"{self.manifest['schema_version']} {self.as_of}".encode())
        for table, counts in sorted(self.manifest["tables"].items()):
            for file, content in sorted(counts["files"].items()):
                place = _region_of(file)
                if members is None or place is None or place in members:
                    digest.update(f"\n{table}/{file} {content}".encode())
        return digest.hexdigest()

    def _duckdb(self, table: str, columns: list[str], members: list[str] | None) -> Any:
        files = ", ".join(_quoted(file) for file in self._files(table, members))
        hive = f"hive_partitioning={'region' in columns}, hive_types_autocast=false"
        names = ", ".join(f'"{name}"' for name in columns)
        where = "" if members is None else f"where region in ({', '.join(map(_quoted, members))})"
        source = f"read_parquet([{files}], {hive})"
        return self._connection().sql(f"select {names} from {source} {where}")

    def _files(self, table: str, members: list[str] | None) -> list[str]:
        """The files that hold rows of the regions; all where none does, for the columns' sake.

        The manifest knows them; looking for them takes longer than reading one.
        """
        files = self.manifest["tables"][table]["files"]
        inside = {None, *(members or ())}
        held = [f for f in files if members is None or _region_of(f) in inside]
        return [str(self.folder / table / file) for file in held or files]

    def _connection(self) -> duckdb.DuckDBPyConnection:
        """One connection per process, shared by all scans so that they can be joined."""
        if os.getpid() not in self._connections:
            settings = {"temp_directory": tempfile.gettempdir()}
            if threads := os.environ.get("AFTERSALES_THREADS"):  # in reports made side by side
                settings["threads"] = threads
            connection = duckdb.connect(config=settings)
            with suppress(duckdb.Error):  # Jupyter without ipywidgets: there is none to switch off
                connection.execute("set enable_progress_bar = false")
            self._connections[os.getpid()] = connection
        return self._connections[os.getpid()]

    def _pandas(self, table: str, columns: list[str], members: list[str] | None) -> pd.DataFrame:
        hive = ds.partitioning(pa.schema([("region", pa.string())]), flavor="hive")
        parquet = ds.dataset(
            self.folder / table,
            format="parquet",
            partitioning=hive if "region" in columns else None,
        )
        wanted = None if members is None else ds.field("region").isin(members)
        read = parquet.to_table(columns=columns, filter=wanted)
        return read.to_pandas(types_mapper=_NULLABLE.get)

    def _spark(self, table: str, columns: list[str], members: list[str] | None) -> Any:
        from aftersales.data.store.spark import session

        frame = session().read.parquet(str(self.folder / table)).select(*columns)
        return frame if members is None else frame.where(frame["region"].isin(members))


def open_store(
    profile: Profile, *, processed: Path | None = None, engine: Engine = "duckdb"
) -> Store:
    """The store of a profile, checked: its files are those that cleaning wrote (see `verified`),
    and of the schema this code reads.

    Parameters
    ----------
    processed : the folder that holds `manifest.json`; None is
        `data/processed/<profile>` of the project
    """
    if engine not in get_args(Engine):
        raise RequestError(f'Engine "{engine}" is not known; {nearest(engine, get_args(Engine))}')
    folder = Path(processed or default_folder(profile))
    recover(folder)
    store = Store(profile, folder, engine)
    found, again = store.manifest, f"Run `aftersales clean --profile {profile.name}` again."
    if found.get("schema_version") != SCHEMA_VERSION:
        raise DataError(
            f"The tables in {folder} have schema version {found.get('schema_version')}, "
            f"this code reads version {SCHEMA_VERSION}. {again}"
        )
    if found.get("profile") != profile.name:
        raise DataError(
            f"The tables in {folder} belong to profile {found.get('profile')}, "
            f"not to {profile.name}. {again}"
        )
    verify(folder, manifest=found, profile=profile.name)
    return store


def default_folder(profile: Profile) -> Path:
    """`data/processed/<profile>` beside the `config/` folder the profile was read from."""
    return profile.folder.parent.parent / "data" / "processed" / profile.name


def _region_of(file: str) -> str | None:
    head = file.split("/", 1)[0]
    return head.removeprefix("region=") if head.startswith("region=") else None


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
