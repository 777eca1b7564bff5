"""The sentences of the hotspot report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftersales import words
from aftersales.findings import Finding
from aftersales.metrics import METRICS
from aftersales.questions import naming
from aftersales.questions.hotspot import cluster_words, crude_and_fair, excess_words, outlet_words
from aftersales.studies.places.grid import ALL
from aftersales.studies.places.judged import HARDLY_ANY, STABLE_EXPECTED
from aftersales.studies.verdict import ACT_Q
from aftersales.words import say, say_n

if TYPE_CHECKING:
    from aftersales.questions.hotspot.result import Hotspot

SHOWN = 6  # sentences for separate cells of one severity


def findings(result: Hotspot) -> list[Finding]:
    """All sentences of the report."""
    found = _cells(result) if result.grid is not None else [_nothing_to_compare(result)]
    found += (
        excess_words.findings(result)
        + cluster_words.findings(result)
        + crude_and_fair.findings(result)
    )
    return found + _own(result) + outlet_words.findings(result)


def _nothing_to_compare(result: Hotspot) -> Finding:
    if result.grid is None and not result.scope.store.has("tickets"):
        return naming.lacking(result.scope, metric="ticket_volume", table="tickets")
    text = say(
        "Not judged: that takes several regions, or several products with issues to compare, and "
        "these data have neither."
    )
    return Finding("unknown", text, metric="ticket_volume", kind="lacking")


def _cells(result: Hotspot) -> list[Finding]:
    cells, metric = result.cells, result.grid.metric
    if cells.empty:
        return [_nothing_to_compare(result)]
    urgent = cells[cells["severity"].isin(["act", "watch"])]
    parts = [urgent[urgent["severity"].eq(s)].head(SHOWN) for s in ("act", "watch")]
    found = [_hot(result, row) for part in parts for row in part.itertuples()]
    found += _more(metric, len(urgent) - len(found))
    structure, few = _structure(result), int(cells["few"].sum())
    named = len(urgent) + sum(f.judged for f in structure)
    found += structure + _rest(result, named=named, total=len(cells) - few)
    if few:
        text = say_n(
            "{n} combination has too few cases to be judged.",
            "{n} combinations have too few cases to be judged.",
            few,
        )
        found.append(Finding("unknown", text, metric=metric, judged=few, kind="too_few"))
    return found


def _more(metric: str, n: int) -> list[Finding]:
    if n == 0:
        return []
    text = say_n(
        "{n} more combination stands out too; it is in the table below.",
        "{n} more combinations stand out too; they are in the table below.",
        n,
    )
    return [Finding("watch", text, metric=metric, judged=n, kind="more")]


def _own(result: Hotspot) -> list[Finding]:
    """The whole region among its siblings, adjusted."""
    own, scope = (result.grid.own if result.grid else None), result.scope
    if own is None or not own["expected"] > 0 or not own["ratio"] > 0:
        return []
    info = METRICS[result.grid.metric]
    text = say(
        "All products together, {region} has {ratio} times the cases expected from comparable ones "
        "in the rest of {parent} (95 % interval {low}–{high}; crude {crude}).",
        region=naming.region(scope),
        parent=naming.region(scope, scope.parent.id),
        ratio=words.times(own["ratio"]),
        low=words.times(own["low"]),
        high=words.times(own["high"]),
        crude=words.times(own["crude_ratio"]),
    )
    baseline = _scale(result) * own["expected"] / own["at_risk"]
    return [
        Finding(
            "ok",
            text,
            metric=info.key,
            estimate=baseline * own["ratio"],
            low=baseline * own["low"],
            high=baseline * own["high"],
            baseline=baseline,
            ratio=own["ratio"],
            p=own["p"],
            n=own["at_risk"],
            excess=own["compared"] - own["expected"],
            unit=info.unit,
            evidence="A" if own["expected"] >= STABLE_EXPECTED else "B",
            kind="among_siblings",
        )
    ]


def _scale(result: Hotspot) -> float:
    return 1000.0 if METRICS[result.grid.metric].kind == "rate" else 1.0


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
    names = [
        naming.subject(result.scope, _subject(result, row)) for row in known.head(3).itertuples()
    ]
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
    subject = _subject(result, row)
    within = cluster_words.mostly_in(result, row)
    text = words.sentences(_sentence(result, row, subject), within)
    baseline = _scale(result) * row.expected / row.at_risk
    metric = result.grid.metric
    return Finding(
        row.severity,
        text[:1].upper() + text[1:],
        metric=metric,
        subject=subject,
        estimate=_scale(result) * row.compared / row.at_risk,
        low=baseline * row.low if row.expected else None,
        high=baseline * row.high if row.expected else None,
        baseline=baseline,
        ratio=row.ratio,
        p=row.p,
        q=row.q,
        n=row.at_risk,
        excess=row.excess,
        cost=None if row.cost != row.cost else row.cost,
        unit=METRICS[metric].unit,
        evidence=row.evidence,
        kind="hotspot",
    )


def _sentence(result: Hotspot, row, subject: dict[str, str]) -> str:
    values = {
        "subject": naming.subject(result.scope, subject),
        "count": words.count(row.compared),
        "expected": words.cases(row.expected),
        "ratio": words.times(row.ratio),
        "low": words.times(row.low),
        "high": words.times(row.high),
        "crude": words.times(row.crude_ratio),
        "excess": words.count(row.excess),
        "months": result.months,
    }
    if row.expected < HARDLY_ANY:
        return say(
            "Hotspot, {subject}: {count} cases in {months} months, and hardly any among comparable "
            "ones elsewhere (at least {low} times, 95 % limit).",
            **values,
        )
    if not result.grid.adjusted:
        return _share_sentence(row, values)
    if result.grid.metric == "return_rate":
        return say(
            "Hotspot, {subject}: {count} returns in {months} months, {ratio} times the {expected} "
            "expected from orders of the same month elsewhere (95 % interval {low}–{high}). "
            "{excess} extra returns: see Root cause.",
            **values,
        )
    return say(
        "Hotspot, {subject}: {count} faults in {months} months, {ratio} times the {expected} "
        "expected from units of the same model and age elsewhere (95 % interval {low}–{high}; "
        "crude {crude}). {excess} extra cases: see Root cause.",
        **values,
    )


def _share_sentence(row, values: dict[str, object]) -> str:
    """Of a cell of a grid of ticket shares, which stands out and also grew."""
    if row.growth == float("inf"):
        return say(
            "{subject}: {count} tickets in {months} months, {ratio} times its share elsewhere "
            "(95 % interval {low}–{high}), and none in the {months} months before. These are "
            "shares of tickets; nothing says how much was at risk.",
            **values,
        )
    return say(
        "{subject}: {count} tickets in {months} months, {ratio} times its share elsewhere "
        "(95 % interval {low}–{high}) and {growth} times its share in the {months} months "
        "before. These are shares of tickets; nothing says how much was at risk.",
        growth=words.times(row.growth),
        **values,
    )


def _rest(result: Hotspot, *, named: int, total: int) -> list[Finding]:
    n, metric = total - named, result.grid.metric
    if total == 0:
        text = say("No combination has enough cases to be judged.")
        return [Finding("unknown", text, metric=metric, kind="rest")]
    if n == 0:
        return []
    if named == 0:
        text = say_n(
            "No hotspot: the only combination judged differs no more than places differ anyway.",
            "No hotspot: none of the {n} combinations judged differs more than places do anyway.",
            total,
        )
    else:
        text = say_n(
            "The other combination gives no reason to act (of {total} judged).",
            "The other {n} combinations give no reason to act (of {total} judged).",
            n,
            total=words.count(total),
        )
    return [Finding("ok", text, metric=metric, judged=n, kind="rest")]
