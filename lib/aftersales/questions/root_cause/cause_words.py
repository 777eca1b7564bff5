"""The sentences about one cause: its size, what to do next, and what is in doubt about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftersales import words
from aftersales.findings import Finding
from aftersales.metrics import METRICS
from aftersales.questions import naming
from aftersales.questions.root_cause.chain import HARDLY_ANY
from aftersales.questions.root_cause.check_words import doubts
from aftersales.questions.root_cause.names import cause_subject
from aftersales.stats.counts.intervals import poisson_exact
from aftersales.studies.causes.checks import YOUNG_MONTHS, is_young
from aftersales.studies.cost import cost_of
from aftersales.words import N_, say
from aftersales.words.attributes import attribute

if TYPE_CHECKING:
    from aftersales.questions.root_cause.result import Answer, RootCause

UNEQUAL = 0.1  # difference of missing shares from which a missing attribute can mislead
_FAULTS = N_(
    "{subject}: {count} faults in {months} months, {ratio} times the {expected} expected from "
    "comparable units (95 % interval {low}–{high})."
)
_RETURNS = N_(
    "{subject}: {count} returns in {months} months, {ratio} times the {expected} expected from "
    "comparable orders (95 % interval {low}–{high})."
)
_ONLY_FAULTS = N_(
    "{subject}: {count} faults in {months} months, and hardly any among comparable units (at least "
    "{low} times, 95 % limit)."
)
_ONLY_RETURNS = N_(
    "{subject}: {count} returns in {months} months, and hardly any among comparable orders (at "
    "least {low} times, 95 % limit)."
)
_EXTRA = {  # (returns, grade A) -> what it says about the excess
    (False, True): N_("It accounts for {excess} extra faults."),
    (False, False): N_("It is associated with {excess} extra faults."),
    (True, True): N_("It accounts for {excess} extra returns."),
    (True, False): N_("It is associated with {excess} extra returns."),
}


def causes(result: RootCause, answer: Answer) -> list[Finding]:
    """Each cause of a study, followed by what it does not say."""
    table = answer.causes.table
    ranked = table[table["rank"].notna()]
    checks = answer.checks.set_index(["attribute", "value"])
    found: list[Finding] = []
    for row in ranked.itertuples():
        check = checks.loc[(row.attribute, row.value)]
        found += [_cause(result, answer, row, check), *_young(result, answer, row, check)]
    return found + _incomplete(answer)


def _cause(result: RootCause, answer: Answer, row, check) -> Finding:
    metric = answer.study.metric
    key = (row.attribute, row.value)
    rate = answer.study.per * row.compared / row.at_risk
    baseline = answer.study.per * row.expected / row.at_risk
    low, high = baseline * row.low, baseline * row.high
    if row.expected < HARDLY_ANY:  # nothing to divide by: the interval of the rate itself
        low, high = (
            answer.study.per * x for x in poisson_exact(row.compared, exposure=row.at_risk)
        )
    return Finding(
        answer.severity(result.scope, key),
        capital(_sentence(result, answer, row, check)),
        metric=metric,
        subject=cause_subject(key, answer.causes.parts.get(key, ())),
        estimate=rate,
        low=low,
        high=high,
        baseline=baseline,
        ratio=row.ratio,
        p=row.p,
        q=row.q,
        n=row.at_risk,
        excess=row.excess,
        cost=cost_of(row.excess, answer.each),
        unit=METRICS[metric].unit,
        evidence=check["evidence"],
        kind="cause",
    )


def _sentence(result: RootCause, answer: Answer, row, check) -> str:
    returns, alone = answer.study.metric == "return_rate", row.expected < HARDLY_ANY
    message = {
        (False, False): _FAULTS,
        (False, True): _ONLY_FAULTS,
        (True, False): _RETURNS,
        (True, True): _ONLY_RETURNS,
    }[returns, alone]
    size = say(
        message,
        subject=answer.name(result.scope, (row.attribute, row.value)),
        months=result.months,
        count=words.count(row.compared),
        expected=words.cases(row.expected),
        ratio=words.number(row.ratio, digits=2),
        low=words.number(row.low, digits=2),
        high=words.number(row.high, digits=2),
    )
    sentences = [size]
    if not alone:
        extra = _EXTRA[returns, check["evidence"] == "A"]
        sentences.append(say(extra, excess=words.count(row.excess)))
    sentences += [_elsewhere(result, answer, row), _doubt(check), _next(result, answer, row)]
    return joined([s for s in sentences if s])


def joined(sentences: list[str]) -> str:
    """Sentences one after the other; Chinese ones without a space between them."""
    return ("" if words.language() == "zh" else " ").join(sentences)


def _elsewhere(result: RootCause, answer: Answer, row) -> str:
    """What the rest of a cause does that acts in a part only."""
    wheres = answer.causes.parts.get((row.attribute, row.value), ())
    if not wheres:
        return ""
    elsewhere, name = wheres[0].elsewhere, naming.subject(result.scope, {row.attribute: row.value})
    if elsewhere < result.scope.profile.target(answer.study.metric).act_ratio:
        ratio = words.number(elsewhere, digits=2)
        text = N_("Elsewhere {name} has {ratio} times the cases expected.")
        return say(text, name=name, ratio=ratio)
    share = words.percent(min(elsewhere / min(row.ratio, 1000.0), 1.0), decimals=0)
    return say("Elsewhere the rate of {name} is {share} of that.", name=name, share=share)


def _doubt(check) -> str:
    if not check["flags"]:
        return ""
    return say("In doubt: {doubts}.", doubts=doubts(check["flags"]))


def _next(result: RootCause, answer: Answer, row) -> str:
    """The first step of the playbook that the evidence allows."""
    steps = answer.steps(result.scope, (row.attribute, row.value))
    return next((step.do for step in steps if step.now), "")


def _young(result: RootCause, answer: Answer, row, check) -> list[Finding]:
    """The maturity check: a cause whose units have hardly been in service."""
    if not is_young(check["young"], check["young_rest"]):
        return []
    text = say(
        "{subject} is young: {share} of its time in service is below {months} months of age, of "
        "the others' {rest}. Ages are compared with like ages; what it does later is not known.",
        subject=capital(answer.name(result.scope, (row.attribute, row.value))),
        share=words.percent(check["young"], decimals=0),
        rest=words.percent(check["young_rest"], decimals=0),
        months=YOUNG_MONTHS,
    )
    return [
        Finding(
            "unknown",
            text,
            metric=answer.study.metric,
            subject={row.attribute: row.value},
            estimate=check["young"],
            baseline=check["young_rest"],
            n=row.exposure,
            unit="share",
            kind="young",
        )
    ]


def _incomplete(answer: Answer) -> list[Finding]:
    """The exposure check: attributes that cases and exposure lack to different extents."""
    found = []
    metric = answer.study.metric
    for name, row in answer.missing.iterrows():
        causes_of = {key[0] for key in answer.causes.order}
        if abs(row["cases"] - row["exposure"]) < UNEQUAL:
            continue
        if row["only_cases"]:
            text = N_(
                "{attribute} is filled in for {known_cases} of the cases and {known_rest} of the "
                "time at risk: its values look guilty because only failures have one. It is not "
                "judged."
            )
        elif name in causes_of:
            text = N_(
                "{attribute} is missing for {cases} of the cases and {rest} of the time at risk: "
                "the ratios of its values may be too high or too low."
            )
        else:
            continue
        shares = {"cases": row["cases"], "rest": row["exposure"]}
        shares |= {f"known_{k}": 1 - v for k, v in shares.items()}
        shown = {k: words.percent(v, decimals=0) for k, v in shares.items()}
        sentence = say(text, attribute=capital(attribute(str(name))), **shown)
        subject = {"attribute": str(name)}
        found.append(
            Finding("unknown", sentence, metric=metric, subject=subject, kind="incomplete")
        )
    return found


def capital(text: str) -> str:
    """The sentence with a capital first letter."""
    return text[:1].upper() + text[1:]
