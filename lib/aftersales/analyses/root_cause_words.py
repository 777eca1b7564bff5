"""The sentences of the root-cause report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftersales import words
from aftersales.analyses.scope import attribute, lacking
from aftersales.analyses.verdict import judge
from aftersales.findings import Finding
from aftersales.metrics import METRICS
from aftersales.words import N_, say, say_n

if TYPE_CHECKING:
    from aftersales.analyses.root_cause import Answer, RootCause

SHADOWS_NAMED = 5
DIFFERS_P = 0.01
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
_NEXT = {
    "batch": N_("Hold the remaining stock of the batch and trace its parts."),
    "supplier": N_("Check incoming goods and raise it with the supplier."),
    "process": N_("Audit the process."),
    "plant": N_("Audit the plant's final inspection."),
    "warehouse": N_("Inspect storage, packing and handling at the warehouse."),
    "carrier": N_("Inspect the carrier's handling."),
    "version": N_("Stop the roll-out and compare with the version before."),
    "model": N_("Compare the design with the other models of the product."),
    "region": N_("Look at what differs there: climate, use, outlets, reporting."),
    "channel": N_("Compare what the channel promises and whom it sells to."),
    "category": N_("Look at how the category is described and packed."),
}


def findings(result: RootCause) -> list[Finding]:
    """All sentences of the report."""
    if not result.answers:
        return [lacking(result.scope, metric="faults_per_1000", table="units")]
    found: list[Finding] = []
    for answer in result.answers:
        found += _causes(result, answer)
        found += _shadows(result, answer)
        found += _rest(answer)
        found += _not_judged(answer)
    return found


def _causes(result: RootCause, answer: Answer) -> list[Finding]:
    table = answer.causes.table
    ranked = table[table["rank"].notna()]
    checks = answer.checks.set_index(["attribute", "value"])
    return [
        _cause(result, answer, row, checks.loc[(row.attribute, row.value)])
        for row in ranked.itertuples()
    ]


def _cause(result: RootCause, answer: Answer, row, check) -> Finding:
    metric = answer.study.metric
    target = result.scope.profile.target(metric)
    severity = judge(row.ratio, p=row.p, q=row.q, cases=row.compared, target=target)
    message = _RETURNS if metric == "return_rate" else _FAULTS
    text = say(
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
    rate = answer.study.per * row.compared / row.exposure
    return Finding(
        severity,
        _capital(text),
        metric=metric,
        subject={row.attribute: row.value},
        estimate=rate,
        low=rate * row.low / row.ratio,
        high=rate * row.high / row.ratio,
        baseline=rate / row.ratio,
        ratio=row.ratio,
        p=row.p,
        q=row.q,
        n=row.exposure,
        excess=row.excess,
        unit=METRICS[metric].unit,
        evidence=check["evidence"],
        kind="cause",
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _next(row, check) -> str:
    if check["differs_p"] < DIFFERS_P:
        return say("The ratio differs between regions: look where it is largest first.")
    return say(_NEXT[row.attribute]) if row.attribute in _NEXT else say("Look at it first.")


def _shadows(result: RootCause, answer: Answer) -> list[Finding]:
    table = answer.causes.table
    shadows = table[table["shadow_of"].ne("")].sort_values("crude_p")
    if shadows.empty:
        return []
    scope = result.scope
    names = [
        scope.subject({r.attribute: r.value}) for r in shadows.head(SHADOWS_NAMED).itertuples()
    ]
    causes = [
        scope.subject({a: v})
        for a, v in answer.causes.order
        if f"{a}={v}" in set(shadows.head(SHADOWS_NAMED)["shadow_of"])
    ]
    text = say_n(
        "{names} is a shadow, not a cause: once {causes} is allowed for, it differs no more than "
        "by chance.",
        "{names} are shadows, not causes: once {causes} is allowed for, they differ no more than "
        "by chance.",
        len(names),
        names=words.listing(names),
        causes=words.listing(causes),
    )
    return [
        Finding(
            "ok",
            _capital(text),
            metric=answer.study.metric,
            judged=len(shadows),
            evidence="A",
            kind="shadows",
            subject=_studied(answer),
        )
    ]


def _studied(answer: Answer) -> dict[str, str]:
    """Tells the study of versions from that of units, which share a metric."""
    return {"study": "version"} if list(answer.study.strata) == ["version"] else {}


def _rest(answer: Answer) -> list[Finding]:
    table = answer.causes.table
    judged = ~table["few"] & table["ratio"].notna()
    rest = table[judged & table["rank"].isna() & table["shadow_of"].eq("")]
    n, total = len(rest), int(judged.sum())
    if total == 0:
        return []
    attributes = words.listing([attribute(a) for a in answer.study.strata])
    measure = say(METRICS[answer.study.metric].title)
    if n == total:
        text = say(
            "{measure}: no finding. None of the {n} values of {attributes} has clearly more cases "
            "than comparable ones.",
            measure=measure,
            n=words.count(n),
            attributes=attributes,
        )
    else:
        text = say(
            "{measure}: the other {n} of {total} values of {attributes} give no reason to act.",
            measure=measure,
            n=words.count(n),
            total=words.count(total),
            attributes=attributes,
        )
    return [
        Finding(
            "ok",
            text,
            metric=answer.study.metric,
            judged=max(n, 1),
            kind="rest",
            subject=_studied(answer),
        )
    ]


def _not_judged(answer: Answer) -> list[Finding]:
    table, found = answer.causes.table, []
    few = int((table["few"] | table["ratio"].isna()).sum())
    metric = answer.study.metric
    if few:
        text = say_n(
            "{measure}: {n} value has too few cases, or no comparable ones, to be judged.",
            "{measure}: {n} values have too few cases, or no comparable ones, to be judged.",
            few,
            measure=say(METRICS[metric].title),
        )
        found.append(
            Finding(
                "unknown", text, metric=metric, judged=few, kind="too_few", subject=_studied(answer)
            )
        )
    if answer.study.unplaced:
        text = say_n(
            "{n} case could not be joined to a unit and is left out.",
            "{n} cases could not be joined to a unit and are left out.",
            answer.study.unplaced,
        )
        found.append(
            Finding("unknown", text, metric=metric, n=answer.study.unplaced, kind="unplaced")
        )
    return found
