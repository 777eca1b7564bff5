"""How long metrics take on millions of tickets beside the same SQL written by hand.

    python benchmarks/speed/metrics.py [N] [rounds]

Makes a store of N tickets (5,000,000 unless given), with units, orders, returns, repairs and
surveys to match, partitioned by 31 regions, in a temporary folder. Every metric is then asked for
through `metrics.measure` (narwhals on DuckDB) and by hand-written SQL over the same Parquet files,
in turn, and their counts are compared. Prints the median seconds of both and the ratio of the two
by metric; the aim is a ratio of at most 1.5.

Both sides give counts by product and month from the first file to a pandas table; intervals, which
the SQL lacks, are part of our time.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from aftersales.data.store.store import Store
from aftersales.metrics import measure
from aftersales.profile.config import Profile, Target
from aftersales.profile.regions import read_tree

TICKETS, ROUNDS = 5_000_000, 5
AS_OF = pd.Timestamp("2025-12-31")
PLACES = [f"CN-{n}" for n in range(11, 42)]
# name -> (share of the number of tickets, columns as SQL of the row number i)
_TIME = "timestamp '2023-01-01' + to_seconds((hash({salt} + i) % 94694400)::bigint)"
_WORD = "'{letter}' || hash({salt} + i) % {kinds}"
TABLES = {
    "tickets": (
        1.0,
        {
            "ticket_id": "'T' || i",
            "opened_at": _TIME.format(salt=1),
            "ticket_type": "['fault','fault','complaint','enquiry'][1 + (hash(i + 2) % 4)::int]",
            "product": _WORD.format(letter="P", salt=3, kinds=8),
            "unit_id": "'U' || hash(i + 4) % {units}",
            "customer_id": "'C' || hash(i + 5) % 500000",
            "resolution_hours": "(hash(i + 6) % 20000) / 100.0",
            "reopened": "hash(i + 7) % 20 = 0",
            "escalated": "hash(i + 8) % 30 = 0",
            "cost": "(hash(i + 9) % 30000) / 100.0",
        },
    ),
    "units": (
        0.4,
        {
            "unit_id": "'U' || i",
            "product": _WORD.format(letter="P", salt=3, kinds=8),
            "in_service_at": _TIME.format(salt=12),
        },
    ),
    "repairs": (
        0.4,
        {
            "repair_id": "'R' || i",
            "unit_id": "'U' || hash(i + 4) % {units}",
            "opened_at": _TIME.format(salt=13),
            "turnaround_days": "hash(i + 14) % 40 * 1.0",
            "fault_code": _WORD.format(letter="F", salt=15, kinds=12),
            "product": _WORD.format(letter="P", salt=3, kinds=8),
        },
    ),
    "orders": (
        0.6,
        {
            "order_line_id": "'O' || i",
            "product": _WORD.format(letter="P", salt=3, kinds=8),
            "delivered_at": _TIME.format(salt=16),
        },
    ),
    "returns": (
        0.05,
        {
            "return_id": "'B' || i",
            "order_line_id": "'O' || hash(i + 17) % {orders}",
            "requested_at": _TIME.format(salt=18),
        },
    ),
    "surveys": (
        0.2,
        {
            "survey_id": "'S' || i",
            "instrument": "'csat'",
            "score": "1.0 + hash(i + 19) % 5",
            "scale_min": "1.0",
            "scale_max": "5.0",
            "answered_at": _TIME.format(salt=20),
            "product": _WORD.format(letter="P", salt=3, kinds=8),
        },
    ),
}
_UNTIL = "timestamp '2026-01-01'"
_MONTH = "product, date_trunc('month', {time}) as month"
_EVENTS = """with started as (
        select product, date_trunc('month', in_service_at) as month, count(*) as n
        from units where in_service_at < {until} group by all),
    faults as (
        select product, date_trunc('month', opened_at) as month, count(*) as n_faults
        from tickets where ticket_type = 'fault' and opened_at < {until} group by all)
    select product, month, n_faults, n from faults full join started using (product, month)"""
BY_HAND = {
    "ticket_volume": """select {month}, count(*) as n_tickets from tickets
        where opened_at < {until} group by all""",
    "faults_per_1000": _EVENTS,
    "sla_attainment_rate": """select {month}, count(*) filter (due) as n,
        count(*) filter (due and resolution_hours <= 72) as n_met
        from (select *, opened_at <= {until} - interval 72 hour as due from tickets
            where opened_at < {until}) group by all""",
    "reopen_rate": """select {month}, count(*) as n, count(*) filter (reopened) as n_reopened
        from tickets where closed_at < {until} group by all""",
    "return_rate": """select {month}, count(*) filter (mature) as n,
        count(*) filter (mature and first <= delivered_at + interval 30 day) as n_returned
        from (select *, delivered_at <= timestamp '2025-12-31' - interval 30 day as mature
            from orders where delivered_at < {until})
        left join (select order_line_id, min(requested_at) as first from returns
            where requested_at < {until} and order_line_id is not null group by all)
            using (order_line_id) group by all""",
    "csat_rate": """select {month}, count(*) as n,
        count(*) filter ((score - scale_min) / (scale_max - scale_min) >= 0.75) as n_satisfied
        from surveys where answered_at < {until} and instrument = 'csat'
        and scale_min < scale_max and score between scale_min and scale_max group by all""",
    "repeat_repair_rate": """select {month}, count(*) filter (mature) as n,
        count(*) filter (mature and later <= closed_at + interval 30 day) as n_repeated
        from (select *, closed_at <= timestamp '2025-12-31' - interval 30 day as mature,
            lead(opened_at) over (partition by unit_id, fault_code order by opened_at, closed_at)
                as later
            from repairs where opened_at < {until} and unit_id is not null
            and fault_code is not null) group by all""",
}
TIMES = {"return_rate": "delivered_at", "csat_rate": "answered_at"}
WINDOWS = {"sla_attainment_rate": 3, "return_rate": 30, "repeat_repair_rate": 30}


@dataclass(frozen=True)
class Row:
    """One metric: median seconds of both ways."""

    metric: str
    ours: float
    sql: float

    @property
    def ratio(self) -> float:
        return self.ours / self.sql


def make_store(folder: Path, *, tickets: int) -> Store:
    """A processed folder with random tables, read as a store of a profile without files."""
    sizes = {name: int(share * tickets) for name, (share, _) in TABLES.items()}
    entries = {}
    for name, (_, columns) in TABLES.items():
        selected = ", ".join(f"{sql.format(**sizes)} as {c}" for c, sql in columns.items())
        rows = f"select {selected}, {PLACES}[1 + (hash(i + 30) % 31)::int] as region"
        rows = f"{rows} from range({sizes[name]}) as numbers(i)"
        if name in ("tickets", "repairs"):
            hours = "resolution_hours" if name == "tickets" else "turnaround_days * 24"
            rows = f"select *, opened_at + to_seconds({hours} * 3600) as closed_at from ({rows})"
        with duckdb.connect() as connection:
            target = folder / name
            connection.execute(f"copy ({rows}) to '{target}' (format parquet, partition_by region)")
            found = connection.sql(f"select * from '{target}/*/*.parquet' limit 0").columns
        files = {str(f.relative_to(target)): "" for f in sorted(target.rglob("*.parquet"))}
        entries[name] = {"columns": list(dict.fromkeys([*found, "region"])), "files": files}
    manifest = {"schema_version": 0, "profile": "big", "as_of": str(AS_OF), "tables": entries}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return Store(_profile(), folder)


def _profile() -> Profile:
    children = [{"id": place, "level": "province"} for place in PLACES]
    tree = read_tree({"id": "CN", "level": "country", "children": children}, file="regions.yaml")
    targets = {metric: Target(window_days=days) for metric, days in WINDOWS.items()}
    return Profile("big", Path("config/big"), tree, targets, {})


def by_hand(store: Store) -> duckdb.DuckDBPyConnection:
    """A connection with one view per table over the files of the store."""
    connection = duckdb.connect()
    connection.execute("set enable_progress_bar = false")
    for name in store.tables:
        files = store.folder / name / "**" / "*.parquet"
        source = f"read_parquet('{files}', hive_partitioning=true, hive_types_autocast=false)"
        connection.execute(f"create view {name} as select * from {source}")
    return connection


def compare(store: Store, *, rounds: int) -> list[Row]:
    """Both ways in turn, `rounds` times after one that does not count."""
    connection, rows = by_hand(store), []
    for metric, sql in BY_HAND.items():
        month = _MONTH.format(time=TIMES.get(metric, "opened_at"))
        query = sql.format(month=month, until=_UNTIL)
        ours, theirs = [], []
        for _ in range(rounds + 1):
            spent, found = _timed(lambda: _ours(store, metric))  # noqa: B023
            ours.append(spent)
            spent, other = _timed(lambda: connection.sql(query).df())  # noqa: B023
            theirs.append(spent)
        _same(metric, found, other)
        rows.append(Row(metric, statistics.median(ours[1:]), statistics.median(theirs[1:])))
    return rows


def _ours(store: Store, metric: str) -> pd.DataFrame:
    return measure(metric, store, by=["product"], monthly=True)


def _timed(run: Any) -> tuple[float, pd.DataFrame]:
    start = time.perf_counter()
    result = run()
    return time.perf_counter() - start, result


def _same(metric: str, found: pd.DataFrame, other: pd.DataFrame) -> None:
    """Both ways must count the same."""
    counts = [c for c in other.columns if c.startswith("n_")]
    ours = found[found[counts[0]] > 0].sort_values(["product", "month"])[counts].to_numpy("int64")
    others = other[other[counts[0]] > 0].sort_values(["product", "month"])[counts]
    if not (ours == others.to_numpy("int64")).all():
        raise SystemExit(f"{metric}: our counts differ from those of the SQL")


def main() -> int:
    """Make the store, compare, print; 1 when a ratio is above 1.5."""
    tickets = int(sys.argv[1]) if len(sys.argv) > 1 else TICKETS
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    with tempfile.TemporaryDirectory() as folder:
        store = make_store(Path(folder), tickets=tickets)
        print(f"{tickets:,} tickets, {rounds} rounds, medians in seconds")
        print(f"{'metric':<22}{'ours':>8}{'SQL':>8}{'ratio':>8}")
        rows = compare(store, rounds=rounds)
    for row in rows:
        print(f"{row.metric:<22}{row.ours:8.3f}{row.sql:8.3f}{row.ratio:8.2f}")
    return int(any(row.ratio > 1.5 for row in rows))


if __name__ == "__main__":
    sys.exit(main())
