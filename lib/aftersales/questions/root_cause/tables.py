"""The tables of the root-cause report, with words for readers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from aftersales import words
from aftersales.metrics import METRICS
from aftersales.questions import naming
from aftersales.questions.no_rows import no_rows
from aftersales.questions.root_cause.cause_words import joined
from aftersales.questions.root_cause.chain import COLUMNS as CHAIN_COLUMNS
from aftersales.questions.root_cause.chain import HARDLY_ANY, chain_table
from aftersales.questions.root_cause.check_words import check_words, why_cleared
from aftersales.words import N_, say
from aftersales.words.attributes import attribute
from aftersales.words.headings import heading

if TYPE_CHECKING:
    from aftersales.questions.root_cause.playbook import Advice
    from aftersales.questions.root_cause.result import Answer, RootCause

LOST = 0.1  # share of cases that belong to nothing, from which the keys come first
CLEARED = 20  # rows of the table of values that look guilty and are not
ORDER = {"shadow": 0, "recorded": 1, "time": 2, "mix": 3, "chance": 4}
EACH = {"time": 4, "mix": 4}  # of which at most so many are shown
_CAUSES = [
    *("cause", "evidence", "count", "expected", "excess", "crude_ratio", "ratio", "low", "high"),
    *("of_start", "excess_cost", "metric"),
]


def cause_table(result: RootCause) -> pd.DataFrame:
    """One row per cause, by excess: counts, crude and adjusted ratio, cost, part of the rise."""
    rows = []
    for answer in result.answers:
        table = answer.causes.table
        table = table[table["rank"].notna()].merge(answer.checks, on=["attribute", "value"])
        for row in table.to_dict("records"):
            key = (row["attribute"], row["value"])
            cost = row["excess"] * answer.each if answer.each and row["excess"] > 0 else None
            rows.append(
                {name: row[name] for name in ("expected", "excess")}
                | _ratio(row)
                | {
                    "metric": say(METRICS[answer.study.metric].title),
                    "cause": answer.name(result.scope, key),
                    "count": row["compared"],
                    "crude_ratio": row["raw_ratio_x"],
                    "excess_cost": cost,
                    "of_start": _share_of_start(answer, key),
                    "evidence": row["evidence"],
                }
            )
    table = pd.DataFrame(rows, columns=_CAUSES)
    table = table.sort_values("excess", ascending=False, ignore_index=True)
    if table.empty:
        return no_rows(say("No cause was found."), columns=table.columns)
    return table.dropna(axis="columns", how="all")


def _ratio(row: Mapping[str, float]) -> dict[str, float]:
    """Ratio and interval; NaN where comparable units have hardly any case to divide by."""
    alone = row["expected"] < HARDLY_ANY
    return {name: np.nan if alone else row[name] for name in ("ratio", "low", "high")}


def _share_of_start(answer: Answer, key: tuple[str, str]) -> float | None:
    if answer.start is None or answer.start.parts.empty:
        return None
    mine = [c == key for c in answer.start.parts["cause"]]
    shares = answer.start.parts["share"][mine]
    return float(min(shares.iloc[0], 1.0)) if len(shares) else None


def check_table(result: RootCause) -> pd.DataFrame:
    """One row per cause and check: whether it passed, in words, and the grade of the cause."""
    rows = []
    for answer in result.answers:
        ratios = answer.causes.table[["attribute", "value", "ratio", "excess"]]
        for _, row in answer.checks.merge(ratios, on=["attribute", "value"]).iterrows():
            name = answer.name(result.scope, (row["attribute"], row["value"]))
            for check, text in check_words(result.scope, row).items():
                rows.append((row["excess"], name, row["evidence"], heading(check), text))
    table = pd.DataFrame(rows, columns=["excess", "cause", "evidence", "check", "result"])
    if table.empty:
        return no_rows(say("No cause was found."), columns=table.columns.drop("excess"))
    table = table.sort_values("excess", ascending=False, kind="stable", ignore_index=True)
    return table.drop(columns="excess")


def cleared_table(result: RootCause) -> pd.DataFrame:
    """Values that look guilty at first sight: ratio then, adjusted ratio, and why they are not."""
    rows = []
    for answer in result.answers:
        names = {"=".join(k): answer.name(result.scope, k) for k in answer.causes.order}
        for _, row in answer.suspects.iterrows():
            rows.append(
                {
                    "order": ORDER[row["reason"]],
                    "attribute": attribute(row["attribute"]),
                    "value": naming.label(result.scope, row["attribute"], row["value"]),
                    "count": row["count"],
                    "first_sight": row["first_sight"],
                    **{
                        name: row[name] if np.isfinite(row["ratio"]) else np.nan
                        for name in ("ratio", "low", "high")
                    },
                    "why": why_cleared(result.scope, row, names.get(row["shadow_of"], "")),
                    "metric": say(METRICS[answer.study.metric].title),
                }
            )
    columns = ["order", "attribute", "value", "count", "first_sight", "ratio", "low", "high", "why"]
    columns = [*columns, "metric"]
    table = pd.DataFrame(rows, columns=columns)
    if table.empty:
        return no_rows(say("Nothing looks guilty that is not."), columns=columns[1:])
    table = table.sort_values(["order", "count"], ascending=[True, False], ignore_index=True)
    place = table.groupby("order").cumcount()
    most = table["order"].map({ORDER[reason]: n for reason, n in EACH.items()}).fillna(CLEARED)
    return table[place < most].drop(columns="order").head(CLEARED).reset_index(drop=True)


def chains(result: RootCause) -> pd.DataFrame:
    """The traceability chains of all causes."""
    parts = [chain_table(result.scope, a.study, a.causes) for a in result.answers if a.causes.order]
    parts = [p for p in parts if len(p)]
    if not parts:
        return no_rows(say("No cause was found in a chain of production."), columns=CHAIN_COLUMNS)
    return pd.concat(parts, ignore_index=True)


def action_table(result: RootCause) -> pd.DataFrame:
    """One row per cause and step of the playbook, worst cause first."""
    rows = []
    for answer in result.answers:
        table = answer.causes.table.set_index(["attribute", "value"])
        for key in answer.causes.order:
            evidence, size = answer.evidence(key), answer.units(result.scope, key)
            for step in answer.steps(result.scope, key):
                text = _enough(evidence, step)
                rows.append(
                    {
                        "excess": table.loc[key, "excess"],
                        "cause": answer.name(result.scope, key),
                        "action": step.kind,
                        "to_do": step.do,
                        "owner": step.owner,
                        "within_days": step.within_days,
                        "units": size,
                        "cost": step.cost,
                        "because": text,
                    }
                )
    columns = ["excess", "cause", "action", "to_do", "because", "within_days", "units", "cost"]
    columns = [*columns, "owner"]
    table = pd.DataFrame(rows, columns=columns)
    if table.empty:
        return no_rows(say("No cause gives reason to act."), columns=columns[1:])
    table = table.sort_values("excess", ascending=False, kind="stable", ignore_index=True)
    table = table.drop(columns="excess")
    empty = [c for c in ("owner", "within_days", "cost") if table[c].replace("", None).isna().all()]
    return table.drop(columns=empty)


def _enough(grade: str, step: Advice) -> str:
    """Whether the evidence is enough for a step of the playbook."""
    if step.now:
        return say("{grade}: enough", grade=grade)
    return say("{grade}: not yet, needs {least}", grade=grade, least=step.least)


def step_table(result: RootCause) -> pd.DataFrame:
    """Collecting, trend, tracing: what data, with which tool, and what was decided.

    One row per step: ``stage``, ``data``, ``tool``, ``decision``, all words.
    """
    if not result.answers:
        return _steps_of_reports(result)
    starts = [a.start for a in result.answers if a.start is not None]
    values = sum(int((~a.causes.table["few"]).sum()) for a in result.answers)
    trend = say("Rates of each product and region, now and in the {months} months before.",
                months=result.months)  # fmt: skip
    traced = say("{n} values of attributes, each compared with like ones.", n=words.count(values))
    rows = [
        (say("Collect"), *_collected(result)),
        (say("Trend analysis"), trend, "10_trend, 20_hotspot", _trend(result, starts)),
        (say("Trace"), traced, "30_root_cause", _traced(result)),
    ]
    return pd.DataFrame(rows, columns=["stage", "data", "tool", "decision"])


def _steps_of_reports(result: RootCause) -> pd.DataFrame:
    """The steps where nothing says what is at risk, or there is nothing to compare by."""
    found = result.reported
    grown = found.grown_names() if found is not None else []
    rows = [
        (
            say("Collect"),
            say("No units, usage or order attributes that cases could be compared by."),
            "00_data_quality",
            say("Add sales, units or exposure to the sources."),
        ),
        (
            say("Trend analysis"),
            say("Counts of cases, now and in the {months} months before.", months=result.months),
            "10_trend",
            say("Counts can be followed, rates cannot."),
        ),
        (
            say("Trace"),
            say("Nothing to compare.") if found is None else say(
                "{n} pairs of a product and an issue, compared with all reports.",
                n=words.count(len(found.table)),
            ),
            "30_root_cause",
            say("Watch {causes}.", causes=words.listing_wide(grown)) if grown else say(
                "No cause can be named from these data."
            ),
        ),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["stage", "data", "tool", "decision"])


def _collected(result: RootCause) -> tuple[str, str, str]:
    """Data, tool and decision of the first step."""
    tool = "00_data_quality"
    cases = {a.study.metric: int(a.study.cells["count"].sum()) for a in result.answers[::-1]}
    unplaced = sum(a.study.unplaced for a in result.answers)
    data = say(
        "{cases} faults and returns of {months} months joined to what they belong to; {unplaced} "
        "could not be.",
        cases=words.count(sum(cases.values())),
        months=result.months,
        unplaced=words.count(unplaced),
    )
    if unplaced > LOST * max(sum(cases.values()), 1):
        return data, tool, say("Mend the keys first: too many cases belong to nothing.")
    return data, tool, say("Complete enough to go on.")


def _trend(result: RootCause, starts: list) -> str:
    if not starts:
        return say("Nothing stands out; everything is searched.")
    named = [naming.subject(result.scope, s.subject) for s in starts]
    return say("Start from {subjects}.", subjects=words.listing_wide(named))


def _traced(result: RootCause) -> str:
    """The causes to act on and those to watch, worst first."""
    found: dict[str, list[tuple[float, str]]] = {"act": [], "watch": [], "ok": []}
    for answer in result.answers:
        excess = answer.causes.table.set_index(["attribute", "value"])["excess"]
        for key in answer.causes.order:
            severity = answer.severity(result.scope, key)
            found[severity].append((-excess[key], answer.name(result.scope, key)))
    messages = {"act": N_("Act on {causes}."), "watch": N_("Watch {causes}.")}
    told = [
        say(text, causes=words.listing_wide([name for _, name in sorted(found[severity])]))
        for severity, text in messages.items()
        if found[severity]
    ]
    return joined(told) or say("No cause among the attributes recorded; look for others.")


def value_table(result: RootCause) -> pd.DataFrame:
    """Every judged value, causes first: counts, ratio without and with all that is held equal."""
    table = result.to_frame()
    columns = ["attribute", "value", "count", "expected", "raw_ratio", "ratio", "low", "high"]
    if table.empty:
        return pd.DataFrame(columns=columns)
    table = table[~table["few"] & table["ratio"].notna()]
    first = -table["excess"].where(table["rank"].notna())
    table = table.assign(first=first).sort_values(["first", "p"], na_position="last")
    pairs = list(zip(table["attribute"], table["value"], strict=True))
    table = table.assign(
        attribute=[attribute(a) for a, _ in pairs],
        value=[naming.label(result.scope, a, v) for a, v in pairs],
    )
    return table[["metric", *columns, "p", "q"]].reset_index(drop=True)
