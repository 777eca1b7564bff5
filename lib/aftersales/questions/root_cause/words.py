"""The sentences of the root-cause report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aftersales import words
from aftersales.findings import Finding, Severity
from aftersales.metrics import METRICS
from aftersales.questions import naming
from aftersales.questions.root_cause.cause_words import capital, causes
from aftersales.questions.root_cause.start_words import start
from aftersales.questions.root_cause.worst import ahead
from aftersales.studies.causes.checks import YOUNG_MONTHS, YOUNG_SHARE
from aftersales.studies.strata import lacking_for_faults
from aftersales.studies.verdict import WATCH_Q
from aftersales.words import say, say_n
from aftersales.words.attributes import attribute

if TYPE_CHECKING:
    from aftersales.questions.root_cause.result import Answer, RootCause

SHADOWS_NAMED = 6
FURTHER_NAMED = 3


def findings(result: RootCause) -> list[Finding]:
    """All sentences of the report."""
    if not result.answers:
        told = result.reported.findings() if result.reported else []
        return [*told, _nothing(result)]
    found: list[Finding] = start(result)
    for answer in result.answers:
        found += causes(result, answer)
        found += _shadows(result, answer)
        found += _rest(result, answer)
        found += _not_judged(answer)
    return found + ahead(result)


def _nothing(result: RootCause) -> Finding:
    """Why no study could be made: a table or column lacks, or there is no case to explain."""
    if lacks := lacking_for_faults(result.scope):
        table, columns = lacks
        return naming.lacking(result.scope, metric="faults_per_1000", table=table, columns=columns)
    text = say(
        "Not judged: no faults or returns are known for the last {months} months, or nothing they "
        "could be compared by.",
        months=result.months,
    )
    return Finding("unknown", text, metric="faults_per_1000", kind="lacking")


def _shadows(result: RootCause, answer: Answer) -> list[Finding]:
    """One sentence per cause that makes others look guilty; of each attribute the worst first."""
    table = answer.causes.table.sort_values("raw_p")
    found = []
    for key, part in table[table["shadow_of"].ne("")].groupby("shadow_of", sort=False):
        place = part.groupby("attribute").cumcount()
        shadows = part.iloc[place.argsort(kind="stable")]
        names = [naming.subject(result.scope, {r.attribute: r.value}) for r in shadows.itertuples()]
        cause, _, value = str(key).partition("=")
        text = say_n(
            "{names} is a shadow, not a cause: once {causes} is allowed for, it differs no more "
            "than by chance.",
            "{names} are shadows, not causes: once {causes} is allowed for, they differ no more "
            "than by chance.",
            len(names[:SHADOWS_NAMED]),
            names=words.listing(names[:SHADOWS_NAMED]),
            causes=answer.name(result.scope, (cause, value)),
        )
        found.append(
            Finding(
                "ok",
                capital(text),
                metric=answer.study.metric,
                judged=len(shadows),
                evidence="A",
                kind="shadows",
                subject={cause: value},
            )
        )
    return found


def _studied(answer: Answer) -> dict[str, str]:
    """Tells the study of versions from that of units, which share a metric."""
    return {"study": "version"} if list(answer.study.strata) == ["version"] else {}


def _rest(result: RootCause, answer: Answer) -> list[Finding]:
    table, further = answer.causes.table, answer.causes.further
    judged = ~table["few"] & table["ratio"].notna()
    rest = table[judged & table["rank"].isna() & table["shadow_of"].eq("")]
    n, total = len(rest) - len(further), int(judged.sum())
    if total == 0:
        return []
    if n == 0:
        return _further(result, answer)
    attributes = words.listing([attribute(a) for a in answer.causes.search.comparisons])
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
        text = say_n(
            "{measure}: the {n} other value of {attributes} gives no reason to act.",
            "{measure}: the {n} other values of {attributes} give no reason to act.",
            n,
            measure=measure,
            attributes=attributes,
        )
    subject = _studied(answer)
    metric = answer.study.metric
    ok = Finding("ok", text, metric=metric, judged=max(n, 1), kind="rest", subject=subject)
    return [ok, *_further(result, answer)]


def _further(result: RootCause, answer: Answer) -> list[Finding]:
    """What stands out too, and was not looked into: too many causes, or in doubt for all looks."""
    keys, metric = answer.causes.further, answer.study.metric
    if not keys:
        return []
    text = say_n(
        "{n} further value stands out less clearly and was not looked into: {names}.",
        "{n} further values stand out less clearly and were not looked into, such as {names}.",
        len(keys),
        names=words.listing(
            [naming.subject(result.scope, dict([k])) for k in keys[:FURTHER_NAMED]]
        ),
    )
    q = answer.causes.table.set_index(["attribute", "value"])["q"]
    severity: Severity = "watch" if min(q[k] for k in keys) <= WATCH_Q else "ok"
    subject = _studied(answer)
    return [
        Finding(severity, text, metric=metric, judged=len(keys), kind="further", subject=subject)
    ]


def _not_judged(answer: Answer) -> list[Finding]:
    table, metric = answer.causes.table, answer.study.metric
    found = _too_young(answer)
    few = int((table["few"] | table["ratio"].isna()).sum()) - len(answer.young)
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


def _too_young(answer: Answer) -> list[Finding]:
    n = len(answer.young)
    if n == 0:
        return []
    text = say_n(
        "{measure}: {n} batch is too young to judge; more than {share} of its time in service is "
        "below {months} months of age.",
        "{measure}: {n} batches are too young to judge; more than {share} of their time in service "
        "is below {months} months of age.",
        n,
        measure=say(METRICS[answer.study.metric].title),
        share=words.percent(YOUNG_SHARE, decimals=0),
        months=YOUNG_MONTHS,
    )
    return [Finding("unknown", text, metric=answer.study.metric, judged=n, kind="too_young")]
