"""The sentences of the hotspot report."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd

from aftersales import words
from aftersales.findings import Finding, by_severity
from aftersales.questions import naming
from aftersales.questions.hotspot import cluster_words, crude_and_fair, outlet_words
from aftersales.questions.hotspot.facts import Facts
from aftersales.questions.telling import Nouns, in_words, numbers, told
from aftersales.stats.like.mantel_haenszel import Z95
from aftersales.studies.places.grid import ALL
from aftersales.studies.places.judged import excess_of
from aftersales.studies.verdict import ACT_Q, HARDLY_ANY, urgent
from aftersales.words import N_, N_n, say, say_n

_NOUNS = Nouns(
    more=N_n(
        "{n} more combination stands out too; it is in the table below.",
        "{n} more combinations stand out too; they are in the table below.",
    ),
    quiet=N_n(
        "No hotspot: the only combination judged differs no more than places differ anyway.",
        "No hotspot: none of the {n} combinations judged differs more than places do anyway.",
    ),
    rest=N_n(
        "The other combination gives no reason to act (of {total} judged).",
        "The other {n} combinations give no reason to act (of {total} judged).",
    ),
    few=N_n(
        "{n} combination has too few cases to be judged.",
        "{n} combinations have too few cases to be judged.",
    ),
)
_ALONE = N_(
    "Hotspot, {subject}: {count} cases in {months} months, and hardly any among comparable "
    "ones elsewhere (at least {low} times, 95 % limit)."
)
_FAULTS = N_(
    "Hotspot, {subject}: {count} faults in {months} months, {ratio} times the {expected} "
    "expected from units of the same model and age elsewhere (95 % interval {low}–{high}; "
    "crude {crude}). {excess} extra cases: see Root cause."
)
_RETURNS = N_(
    "Hotspot, {subject}: {count} returns in {months} months, {ratio} times the {expected} "
    "expected from orders of the same month elsewhere (95 % interval {low}–{high}). "
    "{excess} extra returns: see Root cause."
)
_NEW_SHARE = N_(
    "{subject}: {count} tickets in {months} months, {ratio} times its share elsewhere "
    "(95 % interval {low}–{high}), and none in the {months} months before. These are "
    "shares of tickets; nothing says how much was at risk."
)
_GROWN_SHARE = N_(
    "{subject}: {count} tickets in {months} months, {ratio} times its share elsewhere "
    "(95 % interval {low}–{high}) and {growth} times its share in the {months} months "
    "before. These are shares of tickets; nothing says how much was at risk."
)


def findings(facts: Facts) -> list[Finding]:
    """Hotspots, slow outlets, what could not be judged; most urgent first."""
    found = [*_cells(facts), *_total(facts), *cluster_words.findings(facts)]
    found += crude_and_fair.findings(facts) + _own(facts) + outlet_words.findings(facts)
    return by_severity(found)


def _cells(facts: Facts) -> list[Finding]:
    cells = facts.cells
    if cells.empty:
        return [_nothing_to_compare(facts)]
    between, metric = _structure(facts), facts.grid.metric
    if cells["few"].all():
        text = say("No combination has enough cases to be judged.")
        between = [Finding("unknown", text, metric=metric, kind="rest")]
    return told(cells, partial(_hot, facts), metric=metric, nouns=_NOUNS, between=between)


def _nothing_to_compare(facts: Facts) -> Finding:
    if facts.grid is None and not facts.scope.store.has("tickets"):
        return naming.lacking(facts.scope, metric="ticket_volume", table="tickets")
    text = say(
        "Not judged: that takes several regions, or several products with issues to compare, and "
        "these data have neither."
    )
    return Finding("unknown", text, metric="ticket_volume", kind="lacking")


def _total(facts: Facts) -> list[Finding]:
    """What the hotspots hold together beyond the expected, and its price."""
    if facts.cells.empty or not facts.grid.adjusted or urgent(facts.cells).empty:
        return []
    hot = urgent(facts.cells)
    excess, error = excess_of(hot)
    text = say_n(
        "The hotspot holds {excess} cases beyond the expected (95 % interval {low}–{high}), "
        "{share} of all cases here.",
        "The {n} hotspots together hold {excess} cases beyond the expected (95 % interval "
        "{low}–{high}), {share} of all cases here.",
        len(hot),
        excess=words.count(excess),
        low=words.count(max(0.0, excess - Z95 * error)),
        high=words.count(excess + Z95 * error),
        share=words.percent(excess / facts.cells["all_cases"].sum(), decimals=0),
    )
    cost = hot["cost"].sum(min_count=1)
    if cost > 0:
        money = words.money(cost, facts.scope.profile.currency)
        price = say("At the mean cost of a fault here that is {money}.", money=money)
        text = words.sentences(text, price)
    fields = {"metric": facts.grid.metric, "excess": excess, "evidence": "B"}
    cost = None if pd.isna(cost) else float(cost)
    return [Finding("ok", text, cost=cost, kind="total", **fields)]


def _own(facts: Facts) -> list[Finding]:
    """The whole region among its siblings, adjusted."""
    own, scope = (facts.grid.own if facts.grid else None), facts.scope
    if own is None or not own["expected"] > 0 or not own["ratio"] > 0:
        return []
    text = say(
        "All products together, {region} has {ratio} times the cases expected from comparable ones "
        "in the rest of {parent} (95 % interval {low}–{high}; crude {crude}).",
        region=naming.region(scope),
        parent=naming.region(scope, scope.parent.id),
        crude=words.times(own["crude_ratio"]),
        **in_words(own),
    )
    return [Finding("ok", text, kind="among_siblings", **_numbers(facts, own))]


def _numbers(facts: Facts, row: Any) -> dict[str, Any]:
    grid, per = facts.grid, facts.grid.per / row.at_risk
    return numbers(row, metric=grid.metric, per=per, baseline=per * row.expected, n=row.at_risk)


def _structure(facts: Facts) -> list[Finding]:
    """Without exposure: where tickets are concentrated as they were before."""
    if facts.grid.adjusted:
        return []
    known = _concentrated(facts)
    if known.empty:
        return []
    subjects = [_subject(facts, row) for row in known.head(3).itertuples()]
    text = say(
        "Tickets are concentrated, and not clearly more than before, in: {names}.",
        names=words.listing_wide([naming.subject(facts.scope, s) for s in subjects]),
    )
    return [Finding("ok", text, metric=facts.grid.metric, judged=len(known), kind="structure")]


def _concentrated(facts: Facts) -> pd.DataFrame:
    cells, target = facts.cells, facts.scope.profile.target(facts.grid.metric)
    large = cells["ratio"].ge(target.act_ratio) & cells["q"].le(ACT_Q)
    known = cells[large & cells["severity"].eq("ok")]
    return known.sort_values("excess", ascending=False)


def _subject(facts: Facts, row: Any) -> dict[str, str]:
    """The cell's attributes; a report of one region does not name it again."""
    pairs = {name: getattr(row, name) for name in (facts.grid.row, facts.grid.column)}
    if pairs.get("region") == facts.scope.region.id:
        pairs.pop("region")
    if pairs.get(facts.grid.column) == ALL:
        pairs.pop(facts.grid.column)
    return pairs


def _hot(facts: Facts, row: Any) -> Finding:
    subject = _subject(facts, row)
    sentence = say(
        _message(facts, row),
        subject=naming.subject(facts.scope, subject),
        crude=words.times(row.crude_ratio),
        excess=words.count(row.excess),
        growth=words.times(getattr(row, "growth", None)),
        months=facts.months,
        **in_words(row),
    )
    text = words.capital(words.sentences(sentence, cluster_words.mostly_in(facts, row)))
    return Finding(row.severity, text, subject=subject, kind="hotspot", **_numbers(facts, row))


def _message(facts: Facts, row: Any) -> str:
    if row.expected < HARDLY_ANY:
        return _ALONE
    if not facts.grid.adjusted:
        return _NEW_SHARE if row.growth == float("inf") else _GROWN_SHARE
    return _RETURNS if facts.grid.metric == "return_rate" else _FAULTS
