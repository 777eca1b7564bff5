"""The sentences about what the search starts from, and what the causes explain of it."""

from __future__ import annotations

import math

from aftersales import words
from aftersales.findings import Finding
from aftersales.metrics import METRICS
from aftersales.questions import naming
from aftersales.questions.root_cause.facts import Facts, Searched
from aftersales.questions.root_cause.names import cause_name
from aftersales.studies.causes.start import Start
from aftersales.words import N_, say, sentences

NAMED = 4  # causes whose part of the start is said
SOME = 0.1  # share of a rise from which a change of mix is said
LEAST = 0.02  # share of the excess from which a part is said
_AGAINST = {
    "rise": N_(
        "Starts from the worst rise, {subject}: {count} {cases} in {months} months, {ratio} times "
        "the {expected} that its rate in the {months} months before would give (95 % interval "
        "{low}–{high})."
    ),
    "hotspot": N_(
        "Starts from the worst hotspot, {subject}: {count} {cases} in {months} months, {ratio} "
        "times the {expected} that the rate of the other regions would give (95 % interval "
        "{low}–{high})."
    ),
    "chosen": N_(
        "Starts from {subject}, as chosen: {count} {cases} in {months} months, {ratio} times the "
        "{expected} that its rate in the {months} months before would give (95 % interval "
        "{low}–{high})."
    ),
}
_ALONE = N_("Starts from {subject}, as chosen: {count} {cases} in {months} months.")


def start(facts: Facts) -> list[Finding]:
    """One sentence per metric: where the search starts, and how much of it each cause explains."""
    found = [_start(facts, one) for one in facts.searched if one.start is not None]
    if found:
        return found
    text = say(
        "Starts from everything: no product and no region of {region} has clearly more cases than "
        "in the {months} months before, or than the others.",
        region=naming.region(facts.scope),
        months=facts.months,
    )
    return [Finding("ok", text, metric=facts.searched[0].metric, kind="start")]


def cases_word(metric: str) -> str:
    """What the cases of a metric are called."""
    return say("returns") if metric == "return_rate" else say("faults")


def _start(facts: Facts, one: Searched) -> Finding:
    begin = one.start
    known = not math.isnan(begin.expected)
    text = say(
        _AGAINST[begin.kind] if known else _ALONE,
        subject=naming.subject(facts.scope, begin.subject),
        count=words.count(begin.cases),
        cases=cases_word(begin.metric),
        months=facts.months,
        expected=words.cases(begin.expected),
        ratio=words.number(begin.ratio, digits=2),
        low=words.number(begin.low, digits=2),
        high=words.number(begin.high, digits=2),
    )
    parts = _parts(facts, one) if known and begin.excess > 0 else ""
    return Finding(
        "ok",
        sentences(text, _mix(begin), parts),
        metric=begin.metric,
        subject=dict(begin.subject),
        ratio=begin.ratio if known else None,
        p=begin.p if known else None,
        excess=begin.excess if known else None,
        unit=METRICS[begin.metric].unit,
        kind="start",
    )


def _mix(begin: Start) -> str:
    """How much of a rise is only another mix; "" for no rise, or where it is not known."""
    if math.isnan(begin.mix) or begin.kind == "hotspot" or begin.excess <= 0:
        return ""
    if begin.mix < SOME:
        return say("A change of the mix of models, ages and regions is no part of that.")
    share = words.percent(min(begin.mix, 1.0), decimals=0)
    return say(
        "With unchanged rates, more of the models, ages or regions that fail more often would give "
        "{share} of that.",
        share=share,
    )


def _parts(facts: Facts, one: Searched) -> str:
    """How the excess is shared out among the causes and the rest."""
    begin = one.start
    table = begin.parts[begin.parts["share"].ge(LEAST) & begin.parts["cause"].notna()]
    excess, rest = words.count(begin.excess), begin.excess - table["excess"].sum()
    if table.empty:
        return say("No cause found here explains any of these {excess} extra cases.", excess=excess)
    if rest < LEAST * begin.excess:
        names = [cause_name(facts.scope, cause, one.parts) for cause in table["cause"]]
        text = N_("All of these {excess} extra cases lie in {causes}.")
        return say(text, excess=excess, causes=words.listing(names))
    named = [
        say(
            "{cause} {n} ({share})",
            cause=cause_name(facts.scope, row.cause, one.parts),
            n=words.count(row.excess),
            share=words.percent(row.share, decimals=0),
        )
        for row in table.head(NAMED).itertuples()
    ]
    return say(
        "Of these {excess} extra cases: {parts}; not explained by any cause found here {rest} "
        "({share}).",
        excess=excess,
        parts=words.listing_wide(named),
        rest=words.count(rest),
        share=words.percent(rest / begin.excess, decimals=0),
    )
