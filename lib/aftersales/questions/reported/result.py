"""Which issues are reported with one product more than with others, where no exposure is known?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import narwhals as nw
import numpy as np
import pandas as pd

from aftersales import plot, words
from aftersales.findings import Finding, by_severity
from aftersales.metrics.counting.engines import collect
from aftersales.questions import naming
from aftersales.stats.counts.intervals import RatioTest, rate_ratio
from aftersales.stats.reports.disproportionality import disproportionality
from aftersales.stats.reports.pair_counts import pair_counts
from aftersales.studies.scope import Scope
from aftersales.words import say, say_n

ATTRIBUTES = ("product", "model", "version", "channel")  # compared, the coarser ones first
EVENTS = ("fault_code", "issue_type")  # what is reported; the first that the tickets know
MIN_CASES = 5  # reports from which a pair is told
# What reports are held against, now and before: expected ones, the product's, and the window.
BASES = (("expected", "expected_before"), ("of_product", "of_before"), (None, None))
GREW_P = 0.01  # below it a pair is reported more than in the window before
KNOWN_PAST = 0.5  # reports of the window before, over those of this one, to call a product new
SHOWN = 12  # pairs in the figure
NAMED = 3  # pairs that get a sentence of their own
COLUMNS = [
    *("attribute", "value", "event", "count", "expected", "of_value", "of_event"),
    *("prr", "prr_low", "prr_high", "ic", "ic_low", "ebgm", "eb05", "eb95", "signal"),
    *("count_before", "expected_before", "grew_p", "grew"),
]


@dataclass(frozen=True)
class Reported:
    """Pairs of an attribute value and an issue, those surely reported too often first.

    `table` has one row per pair: the columns of `stats.disproportionality` (``value`` and
    ``event`` name the pair), those of the window before, and ``grew``: reported more than then,
    in number, as a share of the product's reports, and against what is expected.
    """

    scope: Scope
    months: int
    event: str
    table: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """The table."""
        return self.table

    def findings(self) -> list[Finding]:
        """Signals that grew, those that stand as before, and the rest; most urgent first."""
        return by_severity([*self._grown(), *self._standing(), *self._rest()])

    def plot(self, *, ax=None):
        """The surest pairs: reports over what their share would give, shrunken, with 90 %."""
        top = self.table.head(SHOWN)
        if top.empty:
            return plot.nothing(say("No pair of a product and an issue could be compared."), ax=ax)
        frame = pd.DataFrame(
            {
                "name": [self._name(row) for row in top.itertuples()],
                "ratio": top["ebgm"],
                "low": top["eb05"],
                "high": top["eb95"],
                "significant": top["signal"],
            }
        )
        xlabel = say("Reports over what their share would give (90 % interval)")
        return plot.interval_dots(frame, xlabel=xlabel, ax=ax)

    def _name(self, row) -> str:
        return naming.subject(self.scope, {row.attribute: row.value, self.event: row.event})

    def _grown(self) -> list[Finding]:
        found = self.table[self.table["signal"] & self.table["grew"]].head(NAMED)
        return [self._sentence(row) for row in found.itertuples()]

    def grown_names(self) -> list[str]:
        """The pairs that are reported too often and grew, in words; the surest first."""
        found = self.table[self.table["signal"] & self.table["grew"]].head(NAMED)
        return [self._name(row) for row in found.itertuples()]

    def _sentence(self, row) -> Finding:
        text = say(
            "{pair}: {n} reports, {ratio} times as many as its share of all reports would give "
            "(at least {low} times), and more than in the {months} months before. Reports are "
            "compared with reports: how many units there are is not known.",
            pair=self._name(row),
            n=words.count(row.count),
            ratio=words.number(row.ebgm, digits=2),
            low=words.number(row.eb05, digits=2),
            months=self.months,
        )
        return Finding(
            "watch",
            text[:1].upper() + text[1:],
            subject={row.attribute: row.value, self.event: row.event},
            ratio=row.ebgm,
            low=row.eb05,
            p=row.grew_p,
            evidence="C",
            kind="reported",
        )

    def _standing(self) -> list[Finding]:
        found = self.table[self.table["signal"] & ~self.table["grew"]]
        if found.empty:
            return []
        text = say_n(
            "{n} pair of a product and an issue has more reports than its share, and not surely "
            "more than before: {pairs}. One product has parts that others lack, so only a change "
            "would be news.",
            "{n} pairs of a product and an issue have more reports than their share, and not "
            "surely more than before; first {pairs}. One product has parts that others lack, so "
            "only a change would be news.",
            len(found),
            pairs=words.listing_wide([self._name(row) for row in found.head(NAMED).itertuples()]),
        )
        return [Finding("ok", text, judged=len(found), evidence="C", kind="reported_as_before")]

    def _rest(self) -> list[Finding]:
        named = min(int((self.table["signal"] & self.table["grew"]).sum()), NAMED)
        standing = int((self.table["signal"] & ~self.table["grew"]).sum())
        rest = len(self.table) - named - standing
        if rest == 0:
            return []
        text = say_n(
            "{n} other pair of a product and an issue gives no reason to look closer.",
            "{n} other pairs of a product and an issue give no reason to look closer.",
            rest,
        )
        if named + standing == 0:
            text = say_n(
                "{n} pair of a product and an issue was compared; it has no more reports than its "
                "share.",
                "{n} pairs of a product and an issue were compared; none has surely more reports "
                "than its share.",
                rest,
            )
        return [Finding("ok", text, judged=rest, evidence="C", kind="reported_rest")]


def reported(scope: Scope, *, months: int) -> Reported | None:
    """Compare the reports of each product, model, version and channel with those of all others.

    For profiles without units, sales or usage, where no rate can be formed: an issue stands out
    with a product when it has a larger share of its reports than of those of the others, month by
    month (and product by product, for models and versions). None where tickets tell no issue or
    nothing to compare, or where there are fewer than two values of each.

    Parameters
    ----------
    months : length of the window, in complete months; the same length before it tells what grew
    """
    event = next((e for e in EVENTS if scope.store.has("tickets", e)), None)
    compared = [a for a in ATTRIBUTES if scope.store.has("tickets", a)]
    if event is None or not compared:
        return None
    counts = _counts(scope, [*compared, event], months)
    start = scope.months(months)[0]
    windows = [counts[counts["month"] < start], counts[counts["month"] >= start]]
    parts = [
        part.assign(attribute=a)
        for a in compared
        if (part := _pairs(windows, a, event, held=_held(a, compared))) is not None
    ]
    if not parts:
        return None
    table = pd.concat(parts, ignore_index=True)
    table = table.sort_values("eb05", ascending=False, kind="stable", ignore_index=True)
    return Reported(scope, months, event, table[COLUMNS])


def _held(compared: str, known: Sequence[str]) -> list[str]:
    """What is held equal: the month, and the product of a model or version."""
    inside = compared in ("model", "version") and "product" in known
    return ["month", "product"] if inside else ["month"]


def _counts(scope: Scope, keys: list[str], months: int) -> pd.DataFrame:
    """Tickets by the keys and month, of twice the window."""
    rows = scope.store.scan("tickets", region=scope.region.id)
    opened = nw.col("opened_at")
    rows = rows.filter(opened >= scope.months(2 * months)[0], opened < _end(scope))
    rows = rows.with_columns(month=opened.dt.truncate("1mo"))
    by = [*keys, "month"]
    return collect(rows.group_by(by).agg(n=nw.len()), sort=by)


def _end(scope: Scope) -> pd.Timestamp:
    return scope.last_day + pd.Timedelta(days=1)


def _pairs(
    windows: Sequence[pd.DataFrame], compared: str, event: str, *, held: list[str]
) -> pd.DataFrame | None:
    """The pairs of one attribute now, beside their numbers before."""
    before, now = (w.dropna(subset=[compared, event]) for w in windows)
    if now[compared].nunique() < 2 or now[event].nunique() < 2:
        return None
    pairs = pair_counts(now, product=compared, event=event, count="n", strata=held)
    found = disproportionality(pairs, min_count=MIN_CASES).table
    table = found.merge(_past(before, compared, event, held), on=["product", "event"], how="left")
    table = table.fillna({"count_before": 0.0, "expected_before": 0.0, "of_before": 0.0})
    # More than expected, than its product's reports and than its own: what else is reported comes
    # and goes, and is renamed.
    tests = [_against(table, *base) for base in BASES]
    table["grew_p"] = np.max([t.p for t in tests], axis=0)
    more = np.all([np.asarray(t.ratio) > 1 for t in tests], axis=0)
    known = before["n"].sum() >= KNOWN_PAST * now["n"].sum()
    new = known & ~table["product"].isin(before[compared])
    # An issue that only one product can have is a name of that product, not a signal.
    table["signal"] &= table["count"] < table["of_event"]
    table["grew"] = new | (more & (table["grew_p"] < GREW_P))
    return table.rename(columns={"product": "value", "of_product": "of_value"})


def _against(table: pd.DataFrame, now: str | None, past: str | None) -> RatioTest:
    """The reports of each pair now and before, each over its base; over its window without one."""
    sizes = [np.ones(len(table)) if b is None else table[b].to_numpy() for b in (now, past)]
    counts = [table[name].to_numpy() for name in ("count", "count_before")]
    return rate_ratio(counts[0], sizes[0], counts[1], sizes[1])


def _past(before: pd.DataFrame, compared: str, event: str, held: list[str]) -> pd.DataFrame:
    """Reports and expected ones of each pair in the window before, also where there were none."""
    pairs = pair_counts(before, product=compared, event=event, count="n", strata=held, zeros=True)
    pairs = pairs[["product", "event", "count", "expected", "of_product"]]
    names = {"count": "count_before", "expected": "expected_before", "of_product": "of_before"}
    return pairs.rename(columns=names)
