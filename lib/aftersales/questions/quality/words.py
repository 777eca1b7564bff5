"""The sentences of the data-quality report."""

from __future__ import annotations

import pandas as pd

from aftersales import words
from aftersales.findings import Finding, Severity
from aftersales.questions.quality import arrival_words
from aftersales.questions.quality.facts import Facts
from aftersales.questions.telling import counted
from aftersales.words import N_n, say, say_n

WATCH_REJECTED, ACT_REJECTED = 0.05, 0.20  # share of a table's rows that cleaning rejected
WATCH_JOINED, ACT_JOINED = 0.90, 0.50  # share of filled keys that meet their table
WATCH_UNKNOWN = 0.05  # share of rows whose region could not be resolved
FREQUENT = 10  # rows in a usual month from which a month without any is a gap
_JOIN = N_n(
    "{n} key between tables joins for at least {share} of the rows that have it.",
    "{n} keys between tables join for at least {share} of the rows that have them.",
)


def findings(facts: Facts) -> list[Finding]:
    """All sentences of the report."""
    found = _tables(facts) + _joins(facts) + _regions(facts) + _gaps(facts)
    return [*found, *arrival_words.findings(facts)]


def _tables(facts: Facts) -> list[Finding]:
    if facts.tables.empty:
        return [Finding("unknown", say("There are no processed tables."), kind="tables")]
    many = facts.tables[facts.tables["rejected_share"] >= WATCH_REJECTED]
    whole = facts.scope.parent is None  # cleaning speaks of the whole company: said there
    found = [_rejected(row) for row in many.itertuples() if whole]
    total = facts.tables[["read", "kept", "duplicates", "rejected"]].sum()
    text = say_n(
        "Of {read} raw rows in {n} table {kept} are kept, {duplicates} are copies of others and "
        "{rejected} are rejected with a reason; none is lost.",
        "Of {read} raw rows in {n} tables, {kept} are kept, {duplicates} are copies of others and "
        "{rejected} are rejected with a reason; none is lost.",
        len(facts.tables),
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
            judged=max(1, len(facts.tables) - len(found)),
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


def _joins(facts: Facts) -> list[Finding]:
    poor = facts.joins[facts.joins["joined"] < WATCH_JOINED]
    found = [_join(row) for row in poor.itertuples()]
    if n := len(facts.joins) - len(found):
        share = words.percent(WATCH_JOINED, decimals=0)
        found.append(counted("ok", _JOIN, n, metric="", kind="joins", share=share))
    return found


def _join(row) -> Finding:
    severity: Severity = "act" if row.joined < ACT_JOINED else "watch"
    text = say(
        "In table {table}, {share} of the filled {column} match no row of table {to}. What "
        "cannot be joined is left out where the other table is needed.",
        share=words.percent(1 - row.joined),
        column=row.column,
        table=row.table,
        to=row.to,
    )
    return Finding(
        severity,
        text,
        subject={"table": row.table, "column": row.column},
        estimate=row.joined,
        n=row.n,
        unit="share",
        kind="join",
    )


def _regions(facts: Facts) -> list[Finding]:
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
        for row in facts.tables.itertuples()
        if row.unknown_region >= WATCH_UNKNOWN
    ]


def _gaps(facts: Facts) -> list[Finding]:
    """Months without a row between a table's first and last month, where rows are frequent."""
    found = []
    for table, part in facts.coverage.groupby("table"):
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
