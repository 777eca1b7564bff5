"""The sentences about one cause: its size, what to do next, what is in doubt, what is to come."""

from __future__ import annotations

from typing import Any

import pandas as pd

from aftersales import words
from aftersales.findings import Finding, Severity
from aftersales.questions import naming
from aftersales.questions.root_cause.check_words import doubts
from aftersales.questions.root_cause.facts import Facts, Searched
from aftersales.questions.root_cause.names import cause_name, cause_subject, cohort_name
from aftersales.questions.root_cause.playbook import advice
from aftersales.questions.telling import numbers
from aftersales.stats.counts.intervals import poisson_exact
from aftersales.studies.causes.checks import YOUNG_MONTHS, is_young
from aftersales.studies.verdict import HARDLY_ANY, URGENT
from aftersales.words import N_, capital, say, sentences
from aftersales.words.attributes import attribute

MUCH_UNSEEN = 0.3  # share of the expected faults at ages that no unit of the group has reached
_SIZE = {  # (returns, hardly any elsewhere) -> how many there are
    (False, False): N_(
        "{subject}: {count} faults in {months} months, {ratio} times the {expected} expected from "
        "comparable units (95 % interval {low}–{high})."
    ),
    (True, False): N_(
        "{subject}: {count} returns in {months} months, {ratio} times the {expected} expected from "
        "comparable orders (95 % interval {low}–{high})."
    ),
    (False, True): N_(
        "{subject}: {count} faults in {months} months, and hardly any among comparable units (at "
        "least {low} times, 95 % limit)."
    ),
    (True, True): N_(
        "{subject}: {count} returns in {months} months, and hardly any among comparable orders (at "
        "least {low} times, 95 % limit)."
    ),
}
_EXTRA = {  # (returns, grade A) -> what it says about the excess
    (False, True): N_("It accounts for {excess} extra faults."),
    (False, False): N_("It is associated with {excess} extra faults."),
    (True, True): N_("It accounts for {excess} extra returns."),
    (True, False): N_("It is associated with {excess} extra returns."),
}


_ONLY_CASES = N_(
    "{attribute} is filled in for {known_cases} of the cases and {known_rest} of the time at risk: "
    "its values look guilty because only failures have one. It is not judged."
)
_LACKING = N_(
    "{attribute} is missing for {cases} of the cases and {rest} of the time at risk: the ratios of "
    "its values may be too high or too low."
)


def causes(facts: Facts, one: Searched) -> list[Finding]:
    """Each cause of a study, followed by what it does not say."""
    found: list[Finding] = []
    for row in one.causes.itertuples():
        found += [_cause(facts, one, row), *_young(facts, one, row)]
    return found + _incomplete(one)


def _cause(facts: Facts, one: Searched, row: Any) -> Finding:
    per, baseline = one.per / row.at_risk, one.per * row.expected / row.at_risk
    values = numbers(row, metric=one.metric, per=per, baseline=baseline, n=row.at_risk)
    if row.expected < HARDLY_ANY:  # nothing to divide by: the interval of the rate itself
        low, high = poisson_exact(row.cases, exposure=row.at_risk)
        values |= {"low": one.per * low, "high": one.per * high}
    subject = cause_subject(row.Index, one.parts.get(row.Index, ()))
    text = capital(_sentence(facts, one, row))
    return Finding(row.severity, text, subject=subject, kind="cause", **values)


def _sentence(facts: Facts, one: Searched, row: Any) -> str:
    returns, alone = one.metric == "return_rate", row.expected < HARDLY_ANY
    size = say(
        _SIZE[returns, alone],
        subject=cause_name(facts.scope, row.Index, one.parts),
        months=facts.months,
        count=words.count(row.cases),
        expected=words.cases(row.expected),
        ratio=words.number(row.ratio, digits=2),
        low=words.number(row.low, digits=2),
        high=words.number(row.high, digits=2),
    )
    extra = say(_EXTRA[returns, row.evidence == "A"], excess=words.count(row.excess))
    doubt = say("In doubt: {doubts}.", doubts=doubts(row.flags)) if row.flags else ""
    return sentences(
        size, "" if alone else extra, _elsewhere(facts, one, row), doubt, _next(facts, row)
    )


def _elsewhere(facts: Facts, one: Searched, row: Any) -> str:
    """What the rest of a cause does that acts in a part only."""
    wheres = one.parts.get(row.Index, ())
    if not wheres:
        return ""
    elsewhere, name = wheres[0].elsewhere, naming.subject(facts.scope, dict([row.Index]))
    if elsewhere < facts.scope.profile.target(one.metric).act_ratio:
        ratio = words.number(elsewhere, digits=2)
        text = N_("Elsewhere {name} has {ratio} times the cases expected.")
        return say(text, name=name, ratio=ratio)
    share = words.percent(min(elsewhere / min(row.ratio, 1000.0), 1.0), decimals=0)
    return say("Elsewhere the rate of {name} is {share} of that.", name=name, share=share)


def _next(facts: Facts, row: Any) -> str:
    """The first step of the playbook that the evidence allows; none without reason to act."""
    if row.severity not in URGENT:
        return ""
    steps = advice(facts.scope, attribute=row.Index[0], evidence=row.evidence, units=row.units)
    return next((step.do for step in steps if step.now), "")


def _young(facts: Facts, one: Searched, row: Any) -> list[Finding]:
    """The maturity check: a cause whose units have hardly been in service."""
    if not is_young(row.young, row.young_rest):
        return []
    text = say(
        "{subject} is young: {share} of its time in service is below {months} months of age, of "
        "the others' {rest}. Ages are compared with like ages; what it does later is not known.",
        subject=capital(cause_name(facts.scope, row.Index, one.parts)),
        share=words.percent(row.young, decimals=0),
        rest=words.percent(row.young_rest, decimals=0),
        months=YOUNG_MONTHS,
    )
    return [
        Finding(
            "unknown",
            text,
            metric=one.metric,
            subject=dict([row.Index]),
            estimate=row.young,
            baseline=row.young_rest,
            n=row.all_at_risk,
            unit="share",
            kind="young",
        )
    ]


def _incomplete(one: Searched) -> list[Finding]:
    """The exposure check: attributes that cases and exposure lack to different extents."""
    found = []
    named = set(one.causes.index.get_level_values("attribute"))
    for row in one.missing[one.missing["unequal"]].itertuples():
        if not row.only_cases and row.Index not in named:
            continue
        shares = {"cases": row.cases, "rest": row.at_risk}
        shares |= {f"known_{k}": 1 - v for k, v in shares.items()}
        shown = {k: words.percent(v, decimals=0) for k, v in shares.items()}
        text = say(
            _ONLY_CASES if row.only_cases else _LACKING,
            attribute=capital(attribute(row.Index)),
            **shown,
        )
        subject = {"attribute": row.Index}
        found.append(
            Finding("unknown", text, metric=one.metric, subject=subject, kind="incomplete")
        )
    return found


def ahead(facts: Facts) -> list[Finding]:
    """Faults expected in the next months, and those at the others' rates; as sure as the cause."""
    if facts.life is None or facts.worst is None:
        return []
    found = facts.life.ahead
    severity: Severity = "watch" if found.low > found.usual else "ok"
    return [
        Finding(
            "unknown" if found.few else severity,
            _ahead_text(facts),
            metric="faults_per_1000",
            subject=dict(facts.life.where),
            estimate=found.expected,
            low=found.low,
            high=found.high,
            baseline=found.usual,
            p=facts.worst["p"],
            q=facts.worst["q"],
            n=found.units,
            unit=say("faults"),
            evidence=facts.worst["evidence"],
            kind="ahead",
        )
    ]


def _ahead_text(facts: Facts) -> str:
    found = facts.life.ahead
    to = facts.scope.last_month + pd.DateOffset(months=len(found.months))
    values = {
        "units": words.count(found.units),
        "name": cohort_name(facts),
        "month": words.month(to),
        "expected": words.cases(found.expected),
        "low": words.count(found.low),
        "high": words.count(found.high),
        "usual": words.cases(found.usual),
    }
    if found.few:
        return say(
            "Too few faults so far to foresee those of {name} ({units} units): between {low} and "
            "{high} up to {month}; {usual} at the rates of comparable units.",
            **values,
        )
    text = say(
        "Of the {units} units of {name} in service, {expected} faults are to be expected up to "
        "{month} if nothing changes (between {low} and {high}); {usual} at the rates of "
        "comparable units.",
        **values,
    )
    if found.unseen <= MUCH_UNSEEN:
        return text
    more = say(
        "{share} of them come at ages that no unit of the group has reached yet.",
        share=words.percent(found.unseen, decimals=0),
    )
    return sentences(text, more)
