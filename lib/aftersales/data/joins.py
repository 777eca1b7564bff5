"""Second half of cleaning: columns made from other columns and other tables, regions, Parquet.

The tables are written in the order of `ORDER`, so that each finds the finished tables it takes
columns from. All work is done by DuckDB, which keeps to its memory and spills to disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from aftersales.data import schema
from aftersales.data.account import Note
from aftersales.data.duplicates import listed, quoted
from aftersales.data.stage import Staged
from aftersales.regions import UNKNOWN, RegionTree

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
    """

    table: str
    columns: list[str]
    folder: Path

    @property
    def regional(self) -> bool:
        return "region" in self.columns

    @property
    def files(self) -> str:
        return str(self.folder / self.table / ("*/*.parquet" if self.regional else "*.parquet"))


def in_order(tables: list[str]) -> list[str]:
    """Tables that others take columns from come first."""
    return sorted(tables, key=lambda t: ORDER.index(t) if t in ORDER else len(ORDER))


def finish(
    staged: Staged,
    connection: duckdb.DuckDBPyConnection,
    *,
    folder: Path,
    others: dict[str, Finished],
    tree: RegionTree,
) -> Finished:
    """Write a judged table below `folder`, with its derived columns, one folder per region."""
    table = staged.plan.table
    query = _Query(staged, others, tree)
    made = query.columns()
    columns = [n for n in schema.columns(table) if n in made]
    columns += [n for n in made if n not in columns]
    select = ", ".join(f"{made[n]} as {quoted(n)}" for n in columns)
    connection.execute(
        f"create view final_{table} as select l.__row, {select} "
        f"from left_{table} l {' '.join(query.joins)}"
    )
    staged.account.add(query.notes(connection))
    done = Finished(table, columns, folder)
    _write(done, connection)
    read = f"read_parquet('{done.files}', hive_partitioning={str(done.regional).lower()}, "
    connection.execute(f"create view done_{table} as from {read}hive_types_autocast=false)")
    return done


def _write(done: Finished, connection: duckdb.DuckDBPyConnection) -> None:
    (done.folder / done.table).mkdir()
    time = schema.time_column(done.table)
    order = [n for n in ("region", time) if n in done.columns]
    by = ", ".join([*map(quoted, order), "__row"])
    rows = f"select {listed(done.columns)} from final_{done.table} order by {by}"
    target, options = done.folder / done.table, "format parquet, compression zstd"
    if done.regional:
        options += ", partition_by (region), filename_pattern 'part-{i}'"
    else:
        target = target / "part-0.parquet"
    connection.execute(f"copy ({rows}) to '{target}' ({options})")


class _Query:
    """The columns of a table and the joins they need."""

    def __init__(self, staged: Staged, others: dict[str, Finished], tree: RegionTree) -> None:
        self.table = staged.plan.table
        self.mapped = list(staged.plan.mapping.columns)
        self.others = others
        self.tree = tree
        self.joins: list[str] = []
        self.places: list[str] = []
        self.ages: list[str] = []

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
        if self.table in ("tickets", "repairs") and self._joins("unit_id", "units", "in_service_at"):
            made["age_days"] = _not_negative(_span("l.opened_at", "units.in_service_at", _DAYS))
            self.ages.append("age_days")
        if self.table == "returns" and self._joins("order_line_id", "orders"):
            copied = [n for n in _COPIED if n in self.others["orders"].columns]
            made |= {n: f"orders.{n}" for n in copied if n not in self.mapped}
            delivered = "l.delivered_at" if "delivered_at" in self.mapped else made.get("delivered_at")
            if delivered:
                made["days_to_return"] = _not_negative(_span("l.requested_at", delivered, _DAYS))
                self.ages.append("days_to_return")
        return made

    def _region(self) -> str:
        for column, other in _PLACES.get(self.table, ()):
            if self._joins(column, other, "region"):
                self.places.append(other)
        if not self.places:
            return f"'{self.tree.root.id}'"
        known = ", ".join(f"nullif({place}.region, '{UNKNOWN}')" for place in self.places)
        return f"coalesce({known}, '{UNKNOWN}')"

    def _joins(self, column: str, other: str, *needs: str) -> bool:
        """Join `other` by its id, if both tables have what it takes."""
        if column not in self.mapped or other not in self.others:
            return False
        available = self.others[other].columns
        if column not in available or not set(needs) <= set(available):
            return False
        join = f"left join {_one_per(other, column, available)} {other} using ({quoted(column)})"
        if join not in self.joins:
            self.joins.append(join)
        return True

    def notes(self, connection: duckdb.DuckDBPyConnection) -> list[Note]:
        """Ages that were negative, and where regions came from."""
        return []


def _one_per(other: str, column: str, available: list[str]) -> str:
    """The other table with one row per value of `column`."""
    if schema.key(other) == (column,):
        return f"done_{other}"
    return f"(select {quoted(column)}, min(region) as region from done_{other} group by all)"


def _span(later: str, earlier: str, unit: float) -> str:
    return f"(epoch_us({later}) - epoch_us({earlier})) / {unit:.0f}.0"


def _not_negative(span: str) -> str:
    return f"case when {span} >= 0 then {span} end"
