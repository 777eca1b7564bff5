"""What a report calls its regions, values and subjects, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping

from aftersales import words
from aftersales.findings import Finding
from aftersales.metrics import METRICS
from aftersales.studies.customers.tiers import VALUE_TIERS
from aftersales.studies.scope import Scope
from aftersales.words import N_, say
from aftersales.words.attributes import attribute

_VALUE_TIERS = dict(
    zip(VALUE_TIERS, (N_("high value"), N_("middle"), N_("low value")), strict=True)
)


def region(scope: Scope, region: str = "") -> str:
    """A region's name in the reader's language; "" is the report's own region."""
    return label(scope, "region", region or scope.region.id)


def label(scope: Scope, attribute: str, value: str) -> str:
    """A value as readers call it."""
    if attribute == "tier" and value in _VALUE_TIERS:
        return say(_VALUE_TIERS[value])
    return scope.profile.label(attribute, str(value), words.language())


def whom(scope: Scope, named: Mapping[str, str]) -> str:
    """A subject in words; the report's own region where it names nothing."""
    return subject(scope, named) if named else region(scope)


def as_share(unit: str) -> str:
    """The unit by which `words` prints a bare value: "share" as percent, all others as they are."""
    return unit if unit == "share" else ""


def subject(scope: Scope, subject: Mapping[str, str]) -> str:
    """A subject in words: ``batch B2407, model KX-35``; "all" of it when it is empty."""
    if not subject:
        return say("all together")
    return words.listing_plain([_pair(scope, key, value) for key, value in subject.items()])


def _pair(scope: Scope, key: str, value: str) -> str:
    """One attribute with its value. Languages may set codes and names apart from each other."""
    shown = label(scope, key, value)
    if shown.isascii():
        return say("{attribute} {value}", attribute=attribute(key), value=shown)
    return say("{attribute} {name}", attribute=attribute(key), name=shown)


def measured(metric: str) -> str:
    """What goes up when things get worse: the metric, or its misses if it is good when high."""
    info = METRICS[metric]
    if info.kind == "proportion" and info.good == "high":
        return say("{measure}: misses", measure=say(info.title))
    return say(info.title)


def lacking(scope: Scope, *, metric: str, table: str, columns: tuple[str, ...] = ()) -> Finding:
    """The finding for a question that the data cannot answer: which table or columns it needs."""
    store = scope.store
    if not store.has(table):
        text = say(
            "Not judged: this profile has no table {table}. Map it in sources.yaml to answer this.",
            table=table,
        )
    else:
        absent = [c for c in columns if not store.has(table, c)] or list(columns)
        text = say(
            "Not judged: table {table} has no column {columns}. Map it in sources.yaml to answer "
            "this.",
            table=table,
            columns=words.listing(absent),
        )
    return Finding("unknown", text, metric=metric, subject={"table": table}, kind="lacking")
