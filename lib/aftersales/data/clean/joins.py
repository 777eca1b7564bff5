"""Second half of cleaning: columns made from other columns and other tables, regions, Parquet.

The tables are written in the order of `ORDER`, so that each finds the finished tables it takes
columns from. All work is done by DuckDB, which keeps to its memory and spills to disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from aftersales.data.clean.duplicates import quoted
from aftersales.data.clean.stage import Staged
from aftersales.data.mapping import schema
from aftersales.data.store.account import Note
from aftersales.profile.regions import UNKNOWN, RegionTree

ORDER = ("customers", "outlets", "units", "orders", "tickets", "repairs", "returns", "surveys")
_HOURS, _DAYS = 3.6e9, 8.64e10  # microseconds
_SPANS = {  # derived column -> (table, later time, earlier time, microseconds in its unit)
    "response_hours": ("tickets", "responded_at", "opened_at", _HOURS),
    "resolution_hours": ("tickets", "resolved_at", "opened_at", _HOURS),
    "close_hours": ("tickets", "closed_at", "opened_at", _HOURS),
    "turnaround_days": ("repairs", "closed_at", "opened_at", _DAYS),
    "delivery_days": ("orders", "delivered_at", "ordered_at", _DAYS),
    "late_days": ("orders", "delivered_at", "promised_at", _DAYS),
}
_PLACES = {  # table -> where it may take its region from, the surest first: (own column, table)
    "units": (("customer_id", "customers"),),
    "orders": (("customer_id", "customers"),),
    "tickets": (
        ("unit_id", "units"),
        ("order_id", "orders"),
        ("outlet", "outlets"),
        ("customer_id", "customers"),
    ),
    "repairs": (("unit_id", "units"), ("ticket_id", "tickets"), ("outlet", "outlets")),
    "returns": (("order_line_id", "orders"),),
    "surveys": (("ticket_id", "tickets"), ("customer_id", "customers")),
    "ticket_steps": (("ticket_id", "tickets"),),
    "subscriptions": (("customer_id", "customers"),),
}
_COPIED = ("delivered_at", "product", "sku", "category", "channel", "warehouse", "carrier", "batch")


@dataclass(frozen=True)
class Finished:
    """A table in its final form.

    Attributes
    ----------
    columns : in the order of the schema, `region` included
    placed : whether its rows have a region of their own, not just the root's
    """

    table: str
    columns: list[str]
    folder: Path
    placed: bool = False

    @property
    def regional(self) -> bool:
        return "region" in self.columns

    @property
    def files(self) -> str:
        return str(self.folder / self.table / ("*/*.parquet" if self.regional else "*.parquet"))


def in_order(tables: Iterable[str]) -> list[str]:
    """Tables that others take columns from come first."""
    return sorted(tables, key=lambda t: ORDER.index(t) if t in ORDER else len(ORDER))


def finish(
    staged: Staged,
    connection: duckdb.DuckDBPyConnection,
    *,
    folder: Path,
    others: Mapping[str, Finished],
    tree: RegionTree,
) -> Finished:
    """Write a judged table below `folder`, with its derived columns, one folder per region.

    Afterwards the view ``done_<table>`` reads it, and the account says what was derived.
    """
    table = staged.plan.table
    query = _Query(staged, others, tree)
    made = query.columns()
    columns = [n for n in schema.columns(table) if n in made]
    columns += [n for n in made if n not in columns]
    done = Finished(table, columns, folder, placed="region" in query.mapped or bool(query.places))
    _write(done, connection, {n: made[n] for n in columns}, query.rows)
    regional = str(done.regional).lower()
    connection.execute(
        f"create view done_{table} as from read_parquet("
        f"'{done.files}', hive_partitioning={regional}, hive_types_autocast=false)"
    )
    staged.account.add([*query.age_notes(connection), *query.region_notes(connection)])
    return done


def _write(
    done: Finished, connection: duckdb.DuckDBPyConnection, made: Mapping[str, str], rows: str
) -> None:
    target, options = done.folder / done.table, "format parquet, compression zstd"
    target.mkdir()
    select = ", ".join(f"{sql} as {quoted(name)}" for name, sql in made.items())
    if done.regional:
        options += ", partition_by (region), filename_pattern 'part-{i}'"
    else:
        target = target / "part-0.parquet"
    connection.execute("set threads = 1")  # keeps the order of the rows, so equal runs are equal
    connection.execute(f"copy (select {select} from {rows}) to '{target}' ({options})")
    connection.execute("reset threads")


def count_joins(
    done: Finished, connection: duckdb.DuckDBPyConnection, *, others: Mapping[str, Finished]
) -> list[Note]:
    """Keys that find no row in the table they refer to; the rows are kept."""
    notes = []
    for column, (other, key) in schema.joins(done.table).items():
        if column not in done.columns or other not in others or key not in others[other].columns:
            continue
        own, theirs = quoted(column), quoted(key)
        total, lost = connection.execute(
            f"select count({own}), count({own}) filter ({own} not in "
            f"(select {theirs} from done_{other} where {theirs} is not null)) "
            f"from done_{done.table}"
        ).fetchall()[0]
        said = {"column": column, "other": other, "total": total}
        notes.append(Note("joins", "unjoined", lost, said))
    return notes


class _Query:
    """The columns of a table and the joins they need."""

    def __init__(self, staged: Staged, others: Mapping[str, Finished], tree: RegionTree) -> None:
        self.table = staged.plan.table
        self.mapped = list(staged.plan.mapping.columns)
        self.others = others
        self.tree = tree
        self.joins: list[str] = []
        self.places: list[str] = []  # tables the region is taken from
        self.ages: dict[str, str] = {}  # columns that cannot be negative -> SQL

    @property
    def rows(self) -> str:
        return " ".join([f"left_{self.table} l", *self.joins])

    def columns(self) -> dict[str, str]:
        """Column name -> SQL over ``l`` and the joined tables."""
        made = {n: f"l.{quoted(n)}" for n in self.mapped}
        made |= {n: sql for n, sql in self._derived().items() if n not in made}
        if "region" in schema.columns(self.table) and "region" not in made:
            made["region"] = self._region()
        return made

    def _derived(self) -> dict[str, str]:
        made = {
            name: _span(f"l.{later}", f"l.{earlier}", unit)
            for name, (table, later, earlier, unit) in _SPANS.items()
            if table == self.table and {later, earlier} <= set(self.mapped)
        }
        if self.table == "returns":
            made |= self._from_order()
        aged = self.table in ("tickets", "repairs")
        if aged and self._join("unit_id", "units", "in_service_at"):
            self.ages["age_days"] = _span("l.opened_at", "units.in_service_at", _DAYS)
        positive = {n: f"case when {sql} >= 0 then {sql} end" for n, sql in self.ages.items()}
        return made | positive

    def _from_order(self) -> dict[str, str]:
        """Columns a return takes from its order line."""
        copied: dict[str, str] = {}
        if self._join("order_line_id", "orders"):
            there = self.others["orders"].columns
            copied = {n: f"orders.{n}" for n in _COPIED if n in there and n not in self.mapped}
        delivered = copied.get("delivered_at")
        if "delivered_at" in self.mapped:
            delivered = "l.delivered_at"
        if delivered:
            self.ages["days_to_return"] = _span("l.requested_at", delivered, _DAYS)
        return copied

    def _region(self) -> str:
        for column, other in _PLACES.get(self.table, ()):
            placed = other in self.others and self.others[other].placed
            if placed and self._join(column, other, "region"):
                self.places.append(other)
        if not self.places:
            return f"'{self.tree.root.id}'"
        known = ", ".join(f"nullif({place}.region, '{UNKNOWN}')" for place in self.places)
        return f"coalesce({known}, '{UNKNOWN}')"

    def _join(self, column: str, other: str, *needs: str) -> bool:
        """Join `other` by its id, if both tables have what it takes."""
        if column not in self.mapped or other not in self.others:
            return False
        available = self.others[other].columns
        if not {column, *needs} <= set(available):
            return False
        on = f"on l.{quoted(column)} = {other}.{quoted(column)}"
        join = f"left join {_one_per(other, column)} {other} {on}"
        if join not in self.joins:
            self.joins.append(join)
        return True

    def age_notes(self, connection: duckdb.DuckDBPyConnection) -> list[Note]:
        notes = []
        for name, sql in self.ages.items():
            n, low = connection.execute(
                f"select count(*), min(span) from (select {sql} as span from {self.rows}) "
                "where span < 0"
            ).fetchall()[0]
            notes.append(Note("ages", "impossible_age", n, {"column": name}, {"low": low}))
        return notes

    def region_notes(self, connection: duckdb.DuckDBPyConnection) -> list[Note]:
        if "region" in self.mapped or "region" not in schema.columns(self.table):
            return []
        total, unknown = connection.execute(
            f"select count(*), count(*) filter (region = '{UNKNOWN}') from done_{self.table}"
        ).fetchall()[0]
        if not self.places:
            return [Note("regions", "region_root", total, {"root": self.tree.root.id})]
        said = {"tables": ", ".join(self.places)}
        taken = Note("regions", "region_taken", total - unknown, said)
        return [taken, Note("regions", "region_missing", unknown)]


def _one_per(other: str, column: str) -> str:
    """The other table with one row per value of `column`."""
    if schema.key(other) == (column,):
        return f"done_{other}"
    return f"(select {quoted(column)}, min(region) as region from done_{other} group by all)"


def _span(later: str, earlier: str, unit: float) -> str:
    return f"(epoch_us({later}) - epoch_us({earlier})) / {unit:.0f}.0"
