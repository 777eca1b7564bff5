"""Which issues are reported with one product more than with others, where no exposure is known?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from aftersales.metrics.families.volume import tickets_by_month
from aftersales.stats.counts.intervals import RatioTest, rate_ratio
from aftersales.stats.reports.disproportionality import disproportionality
from aftersales.stats.reports.pair_counts import pair_counts
from aftersales.studies.scope import Scope

ATTRIBUTES = ("product", "model", "version", "channel")  # compared, the coarser ones first
EVENTS = ("fault_code", "issue_type")  # what is reported; the first that the tickets know
MIN_CASES = 5  # reports from which a pair is told
# What reports are held against, now and before: expected ones, the product's, and the window.
BASES = (("expected", "expected_before"), ("of_product", "of_before"), (None, None))
GREW_P = 0.01  # below it a pair is reported more than in the window before
KNOWN_PAST = 0.5  # reports of the window before, over those of this one, to call a product new
_NAMES = {  # what the statistics call a column -> what a row of comparison calls it
    **{"product": "value", "of_product": "of_value"},
    **{"count": "cases", "count_before": "cases_before"},
    **{"ebgm": "ratio", "eb05": "low", "eb95": "high", "grew_p": "p"},
}
COLUMNS = [
    *("attribute", "product", "event", "count", "expected", "of_product", "of_event"),
    *("prr", "prr_low", "prr_high", "ic", "ic_low", "ebgm", "eb05", "eb95", "signal"),
    *("count_before", "expected_before", "grew_p", "grew"),
]


@dataclass(frozen=True)
class Reported:
    """Pairs of an attribute value and an issue, those surely reported too often first.

    `table` has one row per pair: ``attribute``, ``value`` and ``event`` name it; ``cases`` are its
    reports, ``ratio``, ``low`` and ``high`` its shrunken ratio to the expected ones with 90 %
    interval (see `stats.reports.disproportionality`), ``signal`` whether that is surely too many;
    ``cases_before`` and ``expected_before`` those of the window before, ``p`` that of having grown,
    and ``grew``: reported more than then, in number, as a share of the product's reports, and
    against what is expected.
    """

    event: str  # the column that ``event`` is of
    table: pd.DataFrame

    @property
    def grown(self) -> pd.DataFrame:
        """The pairs that are reported too often, and more than before."""
        return self.table[self.table["signal"] & self.table["grew"]]

    @property
    def standing(self) -> pd.DataFrame:
        """The pairs that are reported too often, as they were before."""
        return self.table[self.table["signal"] & ~self.table["grew"]]


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
    counts = tickets_by_month(
        scope.store.scan("tickets", region=scope.region.id),
        by=[*compared, event],
        start=scope.months(2 * months)[0],
        as_of=scope.last_day,
    )
    start = scope.months(months)[0]
    windows = [counts[counts["month"] < start], counts[counts["month"] >= start]]
    parts = [
        part.assign(attribute=a)
        for a in compared
        if (part := _pairs(windows, a, event, held=_held(a, compared))) is not None
    ]
    if not parts:
        return None
    table = pd.concat(parts, ignore_index=True)[COLUMNS].rename(columns=_NAMES)
    table = table.sort_values("low", ascending=False, kind="stable", ignore_index=True)
    return Reported(event, table)


def _held(compared: str, known: Sequence[str]) -> list[str]:
    """What is held equal: the month, and the product of a model or version."""
    inside = compared in ("model", "version") and "product" in known
    return ["month", "product"] if inside else ["month"]


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
    return table.assign(grew=new | (more & (table["grew_p"] < GREW_P)))


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
