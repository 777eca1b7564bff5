"""The sentences of the data-quality report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from aftersales import words
from aftersales.analyses.arrivals import usual_weeks
from aftersales.findings import Finding, Severity
from aftersales.words import N_, say, say_n

if TYPE_CHECKING:
    from aftersales.analyses.quality import Quality

WATCH_REJECTED, ACT_REJECTED = 0.05, 0.20  # share of a table's rows that cleaning rejected
WATCH_JOINED, ACT_JOINED = 0.90, 0.50  # share of filled keys that meet their table
WATCH_UNKNOWN = 0.05  # share of rows whose region could not be resolved
LOW_WEEKS, HIGH_WEEKS = 0.75, 1.5  # last four weeks over usual ones, and out of a year's range
FREQUENT = 10  # rows in a usual month from which a month without any is a gap
_LATE = {
    "days_to_return": N_(
        "Nine in ten returns are requested by day {days} after delivery (median {median}): goods "
        "delivered since then can still come back."
    ),
    "turnaround_days": N_(
        "Nine in ten repairs are finished by day {days} (median {median}): of those opened since "
        "then many are still open."
    ),
    "resolution_hours": N_(
        "Nine in ten tickets are resolved by day {days} (median {median}): of those opened since "
        "then many are still open."
    ),
}


def findings(result: Quality) -> list[Finding]:
    """All sentences of the report."""
    found = _tables(result) + _joins(result) + _regions(result) + _gaps(result)
    return [*found, *_weeks(result), *_stale(result), *_late(result)]


def _tables(result: Quality) -> list[Finding]:
    if result.tables.empty:
        return [Finding("unknown", say("There are no processed tables."), kind="tables")]
    many = result.tables[result.tables["rejected_share"] >= WATCH_REJECTED]
    whole = result.scope.parent is None  # cleaning speaks of the whole company: said there
    found = [_rejected(row) for row in many.itertuples() if whole]
    total = result.tables[["read", "kept", "duplicates", "rejected"]].sum()
    text = say_n(
        "Of {read} raw rows in {n} table {kept} are kept, {duplicates} are copies of others and "
        "{rejected} are rejected with a reason; none is lost.",
        "Of {read} raw rows in {n} tables, {kept} are kept, {duplicates} are copies of others and "
        "{rejected} are rejected with a reason; none is lost.",
        len(result.tables),
        read=words.count(total["read"]),
        kept=words.count(total["kept"]),
        duplicates=words.count(total["duplicates"]),
        rejected=words.count(total["rejected"]),
    )
    found.append(
        Finding(
            "ok",
            text,
            n=total["read"],
            estimate=total["kept"],
            kind="rows",
            judged=max(1, len(result.tables) - len(found)),
        )
    )
    return found


def _rejected(row) -> Finding:
    severity: Severity = "act" if row.rejected_share >= ACT_REJECTED else "watch"
    text = say(
        "Table {table}: {rejected} of {read} rows ({share}) are rejected. Look at the reasons "
        "below, and mend the source or sources.yaml.",
        table=row.table,
        rejected=words.count(row.rejected),
        read=words.count(row.read),
        share=words.percent(row.rejected_share),
    )
    return Finding(
        severity,
        text,
        subject={"table": row.table},
        estimate=row.rejected_share,
        n=row.read,
        unit="share",
        kind="rejected",
    )


def _joins(result: Quality) -> list[Finding]:
    found = []
    for row in result.joins.itertuples():
        if not row.joined < WATCH_JOINED:
            continue
        severity: Severity = "act" if row.joined < ACT_JOINED else "watch"
        text = say(
            "In table {table}, {share} of the filled {column} match no row of table {to}. What "
            "cannot be joined is left out where the other table is needed.",
            share=words.percent(1 - row.joined),
            column=row.column,
            table=row.table,
            to=row.to,
        )
        found.append(
            Finding(
                severity,
                text,
                subject={"table": row.table, "column": row.column},
                estimate=row.joined,
                n=row.n,
                unit="share",
                kind="join",
            )
        )
    n = len(result.joins) - len(found)
    if n:
        text = say_n(
            "{n} key between tables joins for at least {share} of the rows that have it.",
            "{n} keys between tables join for at least {share} of the rows that have them.",
            n,
            share=words.percent(WATCH_JOINED, decimals=0),
        )
        found.append(Finding("ok", text, judged=n, kind="joins"))
    return found


def _regions(result: Quality) -> list[Finding]:
    return [
        Finding(
            "watch",
            say(
                "{share} of the rows of table {table} have a region that could not be resolved; "
                "they count in the whole only. Add the spellings to regions.yaml.",
                share=words.percent(row.unknown_region),
                table=row.table,
            ),
            subject={"table": row.table},
            estimate=row.unknown_region,
            n=row.rows,
            unit="share",
            kind="unknown_region",
        )
        for row in result.tables.itertuples()
        if row.unknown_region >= WATCH_UNKNOWN
    ]


def _gaps(result: Quality) -> list[Finding]:
    """Months without a row between a table's first and last month, where rows are frequent."""
    found = []
    for table, part in result.coverage.groupby("table"):
        span = len(pd.date_range(part["month"].min(), part["month"].max(), freq="MS"))
        gap = span - len(part)
        if gap > 0 and len(part) > span / 2 and part["n"].median() >= FREQUENT:
            text = say_n(
                "Table {table} has {n} month without any row between its first and its last.",
                "Table {table} has {n} months without any row between its first and its last.",
                gap,
                table=table,
            )
            found.append(Finding("watch", text, subject={"table": str(table)}, kind="gap"))
    return found


def _weeks(result: Quality) -> list[Finding]:
    ratio, low, high = usual_weeks(result.weeks)
    if ratio != ratio:
        text = say("There are too few weeks of data to say whether the last ones are complete.")
        return [Finding("unknown", text, kind="completeness")]
    values = {
        "ratio": words.percent(ratio, decimals=0),
        "table": result.main_table,
        "low": words.percent(low, decimals=0),
        "high": words.percent(high, decimals=0),
    }
    severity: Severity = "watch"
    if ratio < min(LOW_WEEKS, low):
        text = say(
            "The last four weeks have {ratio} of the usual number of rows ({table}). They may be "
            "incomplete: do not read the end of a series as an improvement.",
            **values,
        )
    elif ratio > max(HIGH_WEEKS, high):
        text = say(
            "The last four weeks have {ratio} of the usual number of rows ({table}). Check for "
            "double deliveries of data before looking for a cause.",
            **values,
        )
    else:
        text = say(
            "The last four weeks have {ratio} of the usual number of rows ({table}); in the year "
            "before, four weeks had between {low} and {high}.",
            **values,
        )
        severity = "ok"
    return [Finding(severity, text, estimate=ratio, unit="share", kind="completeness")]


def _stale(result: Quality) -> list[Finding]:
    """Tables whose last row is older than their own rhythm explains."""
    return [
        Finding(
            "watch",
            say_n(
                "The last row of table {table} is {n} day old ({day}), much older than usual: "
                "later ones may be missing.",
                "The last row of table {table} is {n} days old ({day}), much older than usual: "
                "later ones may be missing.",
                row.age,
                table=row.table,
                day=words.day(row.last),
            ),
            subject={"table": row.table},
            estimate=row.age,
            baseline=row.usual,
            unit="days",
            kind="stale",
        )
        for row in result.ends.itertuples()
        if row.stale
    ]


def _late(result: Quality) -> list[Finding]:
    """Late arrivals: how long it takes until nine in ten cases are known."""
    return [
        Finding(
            "ok",
            say(_LATE[row.column], days=words.count(row.p90), median=words.count(row.median)),
            subject={"table": row.table},
            estimate=row.p90,
            n=row.n,
            unit="days",
            kind="late",
        )
        for row in result.lags.itertuples()
    ]
