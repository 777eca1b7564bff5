"""The sentences of the hotspot report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftersales import words
from aftersales.analyses.grid import ALL
from aftersales.analyses.scope import lacking
from aftersales.analyses.verdict import ACT_Q
from aftersales.findings import Finding
from aftersales.metrics import METRICS
from aftersales.words import say, say_n

if TYPE_CHECKING:
    from aftersales.analyses.hotspot import Hotspot

SHOWN = 6  # sentences for separate cells of one severity


def findings(result: Hotspot) -> list[Finding]:
    """All sentences of the report."""
    found = _cells(result) if result.grid is not None else [_nothing_to_compare(result)]
    return found + _outlets(result)


def _nothing_to_compare(result: Hotspot) -> Finding:
    if result.grid is None and not result.scope.store.has("tickets"):
        return lacking(result.scope, metric="ticket_volume", table="tickets")
    text = say(
        "Not judged: these data have neither several regions nor several products to compare."
    )
    return Finding("unknown", text, metric="ticket_volume", kind="lacking")


def _cells(result: Hotspot) -> list[Finding]:
    cells = result.cells
    if cells.empty:
        return [_nothing_to_compare(result)]
    found = []
    for severity in ("act", "watch"):
        hot = cells[cells["severity"].eq(severity)]
        found += [_hot(result, row) for row in hot.head(SHOWN).itertuples()]
    judged = cells[~cells["few"]]
    found += _structure(result)
    found.append(_rest(result, n=len(judged) - len(found), total=len(judged)))
    few = int(cells["few"].sum())
    if few:
        text = say_n(
            "{n} cell has too few cases to be judged.",
            "{n} cells have too few cases to be judged.",
            few,
        )
        found.append(
            Finding("unknown", text, metric=result.grid.metric, judged=few, kind="too_few")
        )
    return found


def _structure(result: Hotspot) -> list[Finding]:
    """Without exposure: where tickets are concentrated as they were before."""
    if result.grid.adjusted:
        return []
    cells = result.cells
    target = result.scope.profile.target(result.grid.metric)
    known = cells[cells["severity"].eq("ok") & cells["ratio"].ge(target.act_ratio)]
    known = known[known["q"].le(ACT_Q)].sort_values("excess", ascending=False)
    if known.empty:
        return []
    names = [result.scope.subject(_subject(result, row)) for row in known.head(3).itertuples()]
    text = say(
        "Tickets are concentrated, and not clearly more than before, in: {names}.",
        names=words.listing_wide(names),
    )
    return [Finding("ok", text, metric=result.grid.metric, judged=len(known), kind="structure")]


def _subject(result: Hotspot, row) -> dict[str, str]:
    """The cell's attributes; a report of one region does not name it again."""
    grid = result.grid
    pairs = {grid.row: getattr(row, grid.row), grid.column: getattr(row, grid.column)}
    if pairs.get("region") == result.scope.region.id:
        pairs.pop("region")
    if pairs.get(grid.column) == ALL:
        pairs.pop(grid.column)
    return pairs


def _hot(result: Hotspot, row) -> Finding:
    grid, subject = result.grid, _subject(result, row)
    values = {
        "subject": result.scope.subject(subject),
        "count": words.count(row.compared),
        "expected": words.cases(row.expected),
        "ratio": words.number(row.ratio, digits=2),
        "low": words.number(row.low, digits=2),
        "high": words.number(row.high, digits=2),
        "crude": words.number(row.crude_ratio, digits=2),
        "excess": words.count(row.excess),
        "months": result.months,
    }
    if grid.metric == "return_rate":
        text = say(
            "Hotspot, {subject}: {count} returns in {months} months, {ratio} times the {expected} "
            "expected from orders of the same month elsewhere (95 % interval {low}–{high}). "
            "{excess} extra returns: see Root cause.",
            **values,
        )
    elif grid.adjusted:
        text = say(
            "Hotspot, {subject}: {count} faults in {months} months, {ratio} times the {expected} "
            "expected from units of the same model and age elsewhere (95 % interval {low}–{high}; "
            "crude {crude}). {excess} extra cases: see Root cause.",
            **values,
        )
    elif row.growth == float("inf"):
        text = say(
            "{subject}: {count} tickets in {months} months, {ratio} times its share elsewhere "
            "(95 % interval {low}–{high}), and none in the {months} months before. These are "
            "shares of tickets; nothing says how much was at risk.",
            **values,
        )
    else:
        text = say(
            "{subject}: {count} tickets in {months} months, {ratio} times its share elsewhere "
            "(95 % interval {low}–{high}) and {growth} times its share in the {months} months "
            "before. These are shares of tickets; nothing says how much was at risk.",
            growth=words.number(row.growth, digits=2),
            **values,
        )
    scale = 1000.0 if METRICS[grid.metric].kind == "rate" else 1.0
    rate = scale * row.compared / row.exposure
    return Finding(
        row.severity,
        text[:1].upper() + text[1:],
        metric=grid.metric,
        subject=subject,
        estimate=rate,
        low=rate * row.low / row.ratio,
        high=rate * row.high / row.ratio,
        baseline=rate / row.ratio,
        ratio=row.ratio,
        p=row.p,
        q=row.q,
        n=row.exposure,
        excess=row.excess,
        cost=None if row.cost != row.cost else row.cost,
        unit=METRICS[grid.metric].unit,
        evidence="A" if grid.adjusted and row.expected >= 20 else "B" if grid.adjusted else "C",
        kind="hotspot",
    )


def _rest(result: Hotspot, *, n: int, total: int) -> Finding:
    if total == 0:
        text = say("No cell has enough cases to be judged.")
        return Finding("unknown", text, metric=result.grid.metric, kind="rest")
    if n == total:
        text = say_n(
            "No hotspot: the only cell judged differs no more than places differ anyway.",
            "No hotspot: none of the {n} cells judged differs more than places differ anyway.",
            total,
        )
    else:
        text = say_n(
            "The other cell gives no reason to act (of {total} judged).",
            "The other {n} cells give no reason to act (of {total} judged).",
            n,
            total=words.count(total),
        )
    return Finding("ok", text, metric=result.grid.metric, judged=max(n, 1), kind="rest")


def _outlets(result: Hotspot) -> list[Finding]:
    table = result.outlets
    if table.empty:
        return []
    found = [
        _outlet(result, row)
        for severity in ("act", "watch")
        for row in table[table["severity"].eq(severity)].head(SHOWN).itertuples()
    ]
    n, total = len(table) - len(found), len(table)
    text = say(
        "Outlets: {n} of {total} comparisons with their peers give no reason to act.",
        n=words.count(n),
        total=words.count(total),
    )
    rest = Finding("ok", text, metric=table["metric"].iloc[0], judged=max(n, 1), kind="outlets")
    return [*found, rest]


def _outlet(result: Hotspot, row) -> Finding:
    info = METRICS[row.metric]
    values = {
        "outlet": result.scope.label("outlet", row.outlet),
        "value": words.amount(row.value, info.unit),
        "peers": words.amount(row.peers, info.unit),
        "ratio": words.number(row.ratio, digits=2),
        "low": words.number(row.low, digits=2),
        "high": words.number(row.high, digits=2),
        "n": words.count(row.n),
        "measure": say(info.title),
    }
    if info.kind == "duration":
        text = say(
            "Outlet {outlet}, {measure}: {value} in the median, {ratio} times that of its peers "
            "({peers}; 95 % interval {low}–{high}, n = {n}). Ask what holds repairs up there.",
            **values,
        )
    else:
        text = say(
            "Outlet {outlet}, {measure}: {value} of cases go wrong, {ratio} times the share of "
            "its peers ({peers}; 95 % interval {low}–{high}, n = {n}), not adjusted for what it "
            "repairs.",
            **values,
        )
    return Finding(
        row.severity,
        text,
        metric=row.metric,
        subject={"outlet": row.outlet},
        estimate=row.value,
        low=row.value_low,
        high=row.value_high,
        baseline=row.peers,
        ratio=row.ratio,
        p=row.p,
        q=row.q,
        n=row.n,
        unit=info.unit,
        evidence="C",
        kind="outlet",
    )
