"""The sentences of the root-cause report."""

from __future__ import annotations

import pandas as pd

from aftersales import words
from aftersales.findings import Finding, by_severity
from aftersales.metrics import METRICS
from aftersales.questions import naming
from aftersales.questions.root_cause.cause_words import ahead, causes
from aftersales.questions.root_cause.facts import Facts, Searched
from aftersales.questions.root_cause.names import cause_name
from aftersales.questions.root_cause.reported_words import pairs
from aftersales.questions.root_cause.start_words import start
from aftersales.questions.telling import Nouns, counted, rest
from aftersales.studies.causes.checks import YOUNG_MONTHS, YOUNG_SHARE
from aftersales.studies.verdict import WATCH_Q
from aftersales.words import N_n, capital, say, say_n
from aftersales.words.attributes import attribute

SHADOWS_NAMED = 6
FURTHER_NAMED = 3
_VALUES = Nouns(
    more=None,
    quiet=N_n(
        "{measure}: no finding. The {n} value of {attributes} does not clearly have more cases "
        "than comparable ones.",
        "{measure}: no finding. None of the {n} values of {attributes} has clearly more cases "
        "than comparable ones.",
    ),
    rest=N_n(
        "{measure}: the {n} other value of {attributes} gives no reason to act.",
        "{measure}: the {n} other values of {attributes} give no reason to act.",
    ),
    few=N_n(
        "{measure}: {n} value has too few cases, or no comparable ones, to be judged.",
        "{measure}: {n} values have too few cases, or no comparable ones, to be judged.",
    ),
)
_FURTHER = N_n(
    "{n} further value stands out less clearly and was not looked into: {names}.",
    "{n} further values stand out less clearly and were not looked into, such as {names}.",
)
_YOUNG = N_n(
    "{measure}: {n} batch is too young to judge; more than {share} of its time in service is "
    "below {months} months of age.",
    "{measure}: {n} batches are too young to judge; more than {share} of their time in service "
    "is below {months} months of age.",
)
_UNPLACED = N_n(
    "{n} case could not be joined to a unit and is left out.",
    "{n} cases could not be joined to a unit and are left out.",
)


def findings(facts: Facts) -> list[Finding]:
    """What it starts from, causes, shadows, what could not be judged; most urgent first."""
    if not facts.searched:
        return by_severity([*pairs(facts), _nothing(facts)])
    found: list[Finding] = start(facts)
    for one in facts.searched:
        found += causes(facts, one)
        found += _shadows(facts, one)
        found += _rest(facts, one)
        found += _not_judged(one)
    return by_severity(found + ahead(facts))


def _nothing(facts: Facts) -> Finding:
    """Why no study could be made: a table or column lacks, or there is no case to explain."""
    metric = "faults_per_1000"
    if facts.lacks:
        table, columns = facts.lacks
        return naming.lacking(facts.scope, metric=metric, table=table, columns=columns)
    text = say(
        "Not judged: no faults or returns are known for the last {months} months, or nothing they "
        "could be compared by.",
        months=facts.months,
    )
    return Finding("unknown", text, metric=metric, kind="lacking")


def _shadows(facts: Facts, one: Searched) -> list[Finding]:
    """One sentence per cause that makes others look guilty; of each attribute the worst first."""
    table = one.rows.reset_index().sort_values("raw_p")
    shadows = table[table["shadow_of"].ne("")].groupby("shadow_of", sort=False)
    return [_shadows_of(facts, one, str(cause), rows) for cause, rows in shadows]


def _shadows_of(facts: Facts, one: Searched, cause: str, rows: pd.DataFrame) -> Finding:
    place = rows.groupby("attribute").cumcount()
    rows = rows.iloc[place.argsort(kind="stable")].head(SHADOWS_NAMED)
    names = [naming.subject(facts.scope, {r.attribute: r.value}) for r in rows.itertuples()]
    name, _, value = cause.partition("=")
    text = say_n(
        "{names} is a shadow, not a cause: once {causes} is allowed for, it differs no more "
        "than by chance.",
        "{names} are shadows, not causes: once {causes} is allowed for, they differ no more "
        "than by chance.",
        len(names),
        names=words.listing(names),
        causes=cause_name(facts.scope, (name, value), one.parts),
    )
    return Finding(
        "ok",
        capital(text),
        metric=one.metric,
        judged=len(place),
        evidence="A",
        kind="shadows",
        subject={name: value},
    )


def _studied(one: Searched) -> dict[str, dict[str, str]]:
    """Tells the study of versions from that of units, which share a metric."""
    return {"subject": {"study": "version"} if one.of_versions else {}}


def _measure(one: Searched) -> str:
    return say(METRICS[one.metric].title)


def _rest(facts: Facts, one: Searched) -> list[Finding]:
    """The values that give no reason to act, and those that stand out less clearly than causes."""
    judged = ~one.rows["few"] & one.rows["ratio"].notna()
    plain = judged & one.rows["rank"].isna() & one.rows["shadow_of"].eq("")
    total, n = int(judged.sum()), int(plain.sum()) - len(one.further)
    found = rest(
        total,
        named=total - n,
        metric=one.metric,
        nouns=_VALUES,
        fields=_studied(one),
        measure=_measure(one),
        attributes=words.listing([attribute(a) for a in one.attributes]),
    )
    return [*found, *_further(facts, one)]


def _further(facts: Facts, one: Searched) -> list[Finding]:
    """What stands out too, and was not looked into: too many causes, or in doubt for all looks."""
    keys = list(one.further)
    if not keys:
        return []
    names = [naming.subject(facts.scope, dict([k])) for k in keys[:FURTHER_NAMED]]
    sure = one.rows.loc[keys, "q"].le(WATCH_Q).any()
    return [
        counted(
            "watch" if sure else "ok",
            _FURTHER,
            len(keys),
            metric=one.metric,
            kind="further",
            fields=_studied(one),
            names=words.listing(names),
        )
    ]


def _not_judged(one: Searched) -> list[Finding]:
    """Batches that are too young, values with too few cases, and cases without a unit."""
    young, lost = len(one.young), one.unplaced
    few = int((one.rows["few"] | one.rows["ratio"].isna()).sum()) - young
    share = words.percent(YOUNG_SHARE, decimals=0)
    of = {"metric": one.metric, "measure": _measure(one)}
    told = [
        (_YOUNG, young, {"kind": "too_young", "share": share, "months": YOUNG_MONTHS}),
        (_VALUES.few, few, {"kind": "too_few", "fields": _studied(one)}),
        (_UNPLACED, lost, {"kind": "unplaced", "fields": {"n": lost, "judged": 1}}),
    ]
    return [counted("unknown", text, n, **of, **values) for text, n, values in told if n]
