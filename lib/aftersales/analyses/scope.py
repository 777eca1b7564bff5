"""What a report is about: a region, its place in the tree, and the last complete day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from aftersales import words
from aftersales.config import Profile
from aftersales.data.store import Store
from aftersales.errors import RequestError
from aftersales.findings import Finding
from aftersales.regions import Region
from aftersales.words import N_, say

_ATTRIBUTES = {
    "region": N_("region"),
    "outlet": N_("outlet"),
    "product": N_("product"),
    "model": N_("model"),
    "version": N_("version"),
    "batch": N_("batch"),
    "supplier": N_("supplier"),
    "process": N_("process"),
    "plant": N_("plant"),
    "warehouse": N_("warehouse"),
    "channel": N_("channel"),
    "carrier": N_("carrier"),
    "category": N_("category"),
    "issue_type": N_("issue"),
    "ticket_type": N_("ticket type"),
    "priority": N_("priority"),
    "severity": N_("severity"),
    "tier": N_("tier"),
    "touchpoint": N_("touchpoint"),
    "fault_code": N_("fault code"),
    "age_band": N_("age"),
    "built_quarter": N_("production quarter"),
    "table": N_("table"),
}
# Tiers by recency, frequency and value, the best first; see `tiers.value_tiers`.
VALUE_TIERS = (N_("high value"), N_("middle"), N_("low value"))


@dataclass(frozen=True)
class Scope:
    """A region of a store at a day. `region` is a node of the profile's tree."""

    store: Store
    region: Region
    as_of: pd.Timestamp

    @property
    def profile(self) -> Profile:
        return self.store.profile

    @property
    def parent(self) -> Region | None:
        """The region above, or None for the whole company."""
        above = self.region.parent
        return self.profile.regions[above] if above else None

    @property
    def children(self) -> list[Region]:
        return self.profile.regions.children(self.region.id)

    @property
    def siblings(self) -> list[Region]:
        return self.profile.regions.siblings(self.region.id)

    @property
    def last_day(self) -> pd.Timestamp:
        """Last day of the last complete month: what monthly figures are measured up to."""
        return self.last_month + pd.offsets.MonthEnd(0)

    @property
    def last_month(self) -> pd.Timestamp:
        """First day of the last complete month: that of `as_of`, if it is a month's last day."""
        first = self.as_of.normalize().replace(day=1)
        complete = (self.as_of + pd.Timedelta(days=1)).day == 1
        return first if complete else first - pd.DateOffset(months=1)

    def months(self, n: int) -> pd.DatetimeIndex:
        """The last `n` complete months, by their first days."""
        return pd.date_range(end=self.last_month, periods=n, freq="MS")

    def name(self, region: str = "") -> str:
        """A region's name in the reader's language; "" is the report's own region."""
        return self.label("region", region or self.region.id)

    def label(self, attribute: str, value: str) -> str:
        """A value as readers call it."""
        if attribute == "tier" and value in VALUE_TIERS:
            return say(value)
        return self.profile.label(attribute, str(value), words.language())

    def subject(self, subject: Mapping[str, str]) -> str:
        """A subject in words: ``batch B2407, model KX-35``; "all" of it when it is empty."""
        if not subject:
            return say("all together")
        return words.listing_plain([self._pair(key, value) for key, value in subject.items()])

    def _pair(self, key: str, value: str) -> str:
        """One attribute with its value. Languages may set codes and names apart from each other."""
        shown = self.label(key, value)
        if shown.isascii():
            return say("{attribute} {value}", attribute=attribute(key), value=shown)
        return say("{attribute} {name}", attribute=attribute(key), name=shown)


def read_scope(store: Store, *, region: str = "", as_of: pd.Timestamp | None = None) -> Scope:
    """The scope of a report; region "" is the root, `as_of` None the last day of the data.

    A day after the last one of the data is a RequestError: its months would look empty, not good.
    """
    tree = store.profile.regions
    chosen = tree[region] if region else tree.root
    day = pd.Timestamp(as_of).normalize() if as_of is not None else store.as_of
    if day > store.as_of:
        raise RequestError(
            f"The data are complete up to {store.as_of:%Y-%m-%d}; found as_of {day:%Y-%m-%d}. "
            "Choose that day or an earlier one."
        )
    return Scope(store, chosen, day)


def attribute(key: str) -> str:
    """The reader's word for an attribute; columns we have no word for keep their name."""
    return say(_ATTRIBUTES[key]) if key in _ATTRIBUTES else key.replace("_", " ")


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
