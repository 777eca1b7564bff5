"""The sentences about one cause: its size, what to do next, and the checks it did not pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftersales import words
from aftersales.analyses.checks import DIFFERS_P, YOUNG_MONTHS, is_young
from aftersales.analyses.cost import cost_of
from aftersales.analyses.scope import attribute
from aftersales.analyses.verdict import judge
from aftersales.findings import Finding
from aftersales.metrics import METRICS
from aftersales.words import N_, say

if TYPE_CHECKING:
    from aftersales.analyses.root_cause import Answer, RootCause

UNEQUAL = 0.1  # difference of missing shares from which a missing attribute can mislead
HARDLY_ANY = 0.5  # expected cases below which a ratio is a play with small numbers
_FAULTS = N_(
    "{subject}: {count} faults in {months} months, {ratio} times the {expected} expected from "
    "comparable units (95 % interval {low}–{high}). It is associated with {excess} extra faults. "
    "{next}"
)
_RETURNS = N_(
    "{subject}: {count} returns in {months} months, {ratio} times the {expected} expected from "
    "comparable orders (95 % interval {low}–{high}). It is associated with {excess} extra returns. "
    "{next}"
)
_ONLY_FAULTS = N_(
    "{subject}: {count} faults in {months} months, and hardly any among comparable units (at least "
    "{low} times, 95 % limit). {next}"
)
_ONLY_RETURNS = N_(
    "{subject}: {count} returns in {months} months, and hardly any among comparable orders (at "
    "least {low} times, 95 % limit). {next}"
)
_NEXT = {
    "batch": N_("Hold the remaining stock of the batch and trace its parts."),
    "supplier": N_("Check incoming goods and raise it with the supplier."),
    "process": N_("Audit the process."),
    "plant": N_("Audit the plant's final inspection."),
    "warehouse": N_("Inspect storage, packing and handling at the warehouse."),
    "carrier": N_("Inspect the carrier's handling."),
    "version": N_("Compare it with the other versions before it is rolled out further."),
    "model": N_("Compare the design with the other models of the product."),
    "region": N_("Look at what differs there: climate, use, outlets, reporting."),
    "channel": N_("Compare what the channel promises and whom it sells to."),
    "category": N_("Look at how the category is described and packed."),
}


def causes(result: RootCause, answer: Answer) -> list[Finding]:
    """Each cause of a study, followed by the checks it did not pass."""
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
    target = result.scope.profile.target(metric)
    severity = judge(row.ratio, p=row.p, q=row.q, cases=row.compared, target=target)
    rate = answer.study.per * row.compared / row.at_risk
    baseline = answer.study.per * row.expected / row.at_risk
    return Finding(
        severity,
        capital(_sentence(result, metric, row, check)),
        metric=metric,
        subject={row.attribute: row.value},
        estimate=rate,
        low=baseline * row.low if row.expected else None,
        high=baseline * row.high if row.expected else None,
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


def _sentence(result: RootCause, metric: str, row, check) -> str:
    returns, alone = metric == "return_rate", row.expected < HARDLY_ANY
    message = {
        (False, False): _FAULTS,
        (False, True): _ONLY_FAULTS,
        (True, False): _RETURNS,
        (True, True): _ONLY_RETURNS,
    }[returns, alone]
    return say(
        message,
        subject=result.scope.subject({row.attribute: row.value}),
        months=result.months,
        count=words.count(row.compared),
        expected=words.cases(row.expected),
        ratio=words.number(row.ratio, digits=2),
        low=words.number(row.low, digits=2),
        high=words.number(row.high, digits=2),
        excess=words.count(row.excess),
        next=_next(row, check),
    )


def _young(result: RootCause, answer: Answer, row, check) -> list[Finding]:
    """The maturity check: a cause whose units have hardly been in service."""
    if not is_young(check["young"], check["young_rest"]):
        return []
    text = say(
        "{subject} is young: {share} of its time in service is below {months} months of age, of "
        "the others' {rest}. Ages are compared with like ages; what it does later is not known.",
        subject=capital(result.scope.subject({row.attribute: row.value})),
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
    for check in answer.checks.drop_duplicates("attribute").itertuples():
        if not abs(check.missing_cases - check.missing_exposure) >= UNEQUAL:
            continue
        text = say(
            "{attribute} is missing for {cases} of the cases and {exposure} of the time at risk: "
            "the ratios of its values may be too high or too low.",
            attribute=capital(attribute(check.attribute)),
            cases=words.percent(check.missing_cases, decimals=0),
            exposure=words.percent(check.missing_exposure, decimals=0),
        )
        subject = {"attribute": check.attribute}
        metric = answer.study.metric
        found.append(Finding("unknown", text, metric=metric, subject=subject, kind="incomplete"))
    return found


def capital(text: str) -> str:
    """The sentence with a capital first letter."""
    return text[:1].upper() + text[1:]


def _next(row, check) -> str:
    if check["differs_p"] < DIFFERS_P:
        return say("The ratio differs between regions: look where it is largest first.")
    return say(_NEXT[row.attribute]) if row.attribute in _NEXT else say("Look at it first.")
