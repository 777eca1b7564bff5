"""What changed, and when: every monthly series of a region against its own past."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from aftersales import plot
from aftersales.analyses import trend_words
from aftersales.analyses.monthly import (
    Series,
    bad_count,
    counted_from_first,
    judge_series,
    split,
)
from aftersales.analyses.scope import Scope, read_scope
from aftersales.analyses.verdict import judge
from aftersales.data.store import Store
from aftersales.errors import DataError
from aftersales.findings import Finding, by_severity
from aftersales.metrics import METRICS, available, measure
from aftersales.stats.control_chart import ControlChart, u_chart
from aftersales.stats.decompose import RateAndMix, rate_and_mix
from aftersales.stats.multiplicity import benjamini_hochberg
from aftersales.stats.season import Season, decompose_season, deseasonalise
from aftersales.words import say

RATES = ("faults_per_1000", "complaints_per_1000")
FALLBACK = "ticket_volume"  # counts, where nothing says how much was at risk
SHARES = (
    "repeat_repair_rate",
    "sla_attainment_rate",
    "reopen_rate",
    "escalation_rate",
    "return_rate",
    "csat_rate",
)
SPLITS = ("product", "issue_type", "category")  # the first a profile has splits the rates
SHOWN_RISES = 6  # sentences for separate rises; more are counted in one
YEAR = 12


@dataclass(frozen=True)
class Trend:
    """The judged series of a region and its main rate in detail.

    `table` has one row per judged series: ``metric``, ``region``, ``product`` (or what the rates
    are split by; "" is all), ``months`` of the window, ``start``, ``count``, ``expected``,
    ``excess``,
    ``ratio``, ``low``, ``high``, ``p``, ``q``, ``severity``, ``rung``.
    `monthly` and `reference` are the main rate of the region and of the whole company.
    """

    scope: Scope
    metric: str
    split_by: str
    table: pd.DataFrame
    series: Sequence[Series]
    monthly: pd.DataFrame
    reference: pd.DataFrame
    season: Season
    mix: RateAndMix | None
    mix_by: str

    def to_frame(self) -> pd.DataFrame:
        """The judged series, most urgent first."""
        return self.table

    def findings(self) -> list[Finding]:
        """Rises, falls, season, comparison with the company, mix; most urgent first."""
        return by_severity(trend_words.findings(self))

    def plot(self, *, ax=None):
        """The main rate by month with its interval, beside the whole company's."""
        own = self.monthly.assign(series=self.scope.name())
        frames = [own]
        if self.scope.parent is not None:
            root = self.scope.profile.regions.root.id
            frames.append(self.reference.assign(series=self.scope.name(root)))
        frame = pd.concat(frames).rename(columns={"month": "period"})
        return plot.rate_lines(frame, ylabel=self.ylabel, ax=ax)

    @property
    def ylabel(self) -> str:
        """Title and unit of the main rate."""
        info = METRICS[self.metric]
        return say("{measure} ({unit})", measure=say(info.title), unit=say(info.unit))

    def chart(self) -> ControlChart:
        """Control chart of the main rate, season taken out; limits from all but 12 months."""
        bad, n = self.monthly["bad"].to_numpy(float), self.monthly["n"].to_numpy(float)
        factor = deseasonalise(bad, n)["factor"].to_numpy()
        months = pd.DatetimeIndex(self.monthly["month"])
        return u_chart(
            pd.Series(bad, index=months),
            pd.Series(n * factor, index=months),
            per=1000.0 if METRICS[self.metric].kind == "rate" else 1.0,
            measure=self.metric,
            baseline=max(len(months) - YEAR, YEAR) if len(months) > YEAR else None,
        )

    def plot_chart(self, *, ax=None):
        """The control chart: outside the limits is more than chance."""
        frame = self.chart().to_frame()
        ylabel = say("{measure}, season taken out", measure=self.ylabel)
        return plot.control_chart(frame, ylabel=ylabel, ax=ax)

    def plot_season(self, *, ax=None):
        """Trend, season and remainder of the main rate (STL)."""
        return plot.season(self.season.to_frame(), ylabel=self.ylabel)

    def plot_mix(self, *, ax=None):
        """Contribution of each group to the change over a year: its own rate, and its share."""
        if self.mix is None:
            return plot.nothing(say("There is no earlier year to compare with."), ax=ax)
        frame = self.mix.table.copy()
        frame["name"] = [self.scope.label(self.mix_by, v) for v in frame[self.mix_by]]
        scale = 1000.0 if METRICS[self.metric].kind == "rate" else 1.0
        frame[["rate_effect", "mix_effect"]] *= scale
        return plot.mix_rate_bars(frame, xlabel=self.ylabel, ax=ax)


def trend(
    store: Store, *, region: str = "", as_of: pd.Timestamp | None = None, months: int = 36
) -> Trend:
    """Judge every monthly series of a region against its own past.

    The rates (faults, complaints; counts where no exposure is known) are judged in all, by product,
    by child region and by both; service and satisfaction shares are judged in all. A series' last
    1, 3, 6 and 12 months are each held against everything before, season and over-dispersion
    allowed for, and the false discovery rate is controlled over all series of the report
    (Benjamini and Hochberg 1995, J. R. Stat. Soc. B 57:289).

    Parameters
    ----------
    region : id in the profile's tree; "" is the root
    as_of : last complete day; None is that of the data
    months : length of history, in complete months up to `as_of`
    """
    scope = read_scope(store, region=region, as_of=as_of)
    rates, shares = _metrics(store)
    if not rates:
        return _nothing(scope)
    split_by = next((c for c in SPLITS if available(rates[0], store, by=[c])), "")
    judged = [s for m in rates for s in _rate_series(scope, m, split_by, months)]
    judged += [s for m in shares for s in _share_series(scope, m, months)]
    monthly = _total(scope, rates[0], months, region=scope.region.id)
    mix, mix_by = _mix(scope, rates[0], split_by, months)
    return Trend(
        scope=scope,
        metric=rates[0],
        split_by=split_by,
        table=_table(judged, scope, split_by),
        series=judged,
        monthly=monthly,
        reference=_total(scope, rates[0], months, region=scope.profile.regions.root.id),
        season=_season(monthly),
        mix=mix,
        mix_by=mix_by,
    )


def _metrics(store: Store) -> tuple[list[str], list[str]]:
    """What is judged in all its parts, and what in all: rates, else counts, else one share."""
    shares = [m for m in SHARES if available(m, store)]
    rates = [m for m in RATES if available(m, store)]
    rates = rates or [m for m in (FALLBACK,) if available(m, store)] or shares[:1]
    return rates, [m for m in shares if m not in rates]


def _nothing(scope: Scope) -> Trend:
    empty = pd.DataFrame(columns=["month", "bad", "n", "rate", "rate_low", "rate_high"])
    season = decompose_season(pd.Series(dtype=float))
    return Trend(scope, FALLBACK, "", pd.DataFrame(), [], empty, empty, season, None, "")


def _measured(scope: Scope, metric: str, by: list[str], months: int, region: str) -> pd.DataFrame:
    """``by``, ``month``, ``bad``, ``n`` of the last complete months."""
    level = scope.children[0].level if "region" in by and scope.children else None
    as_of = scope.last_month + pd.offsets.MonthEnd(0)
    frame = measure(
        metric,
        scope.store,
        region=region,
        by=by,
        as_of=as_of,
        monthly=True,
        months=months,
        level=level,
    )
    frame = frame.assign(bad=bad_count(frame, metric=metric))
    return counted_from_first(frame, by=by) if METRICS[metric].kind == "count" else frame


def _rate_series(scope: Scope, metric: str, split_by: str, months: int) -> list[Series]:
    by = [c for c in (split_by,) if c]
    children = [r.id for r in scope.children]
    if len(children) > 1:
        by = ["region", *by]
    try:
        table = _measured(scope, metric, by, months, scope.region.id)
    except DataError:
        by = []
        table = _measured(scope, metric, by, months, scope.region.id)
    if "region" in by:
        table = table.assign(region=table["region"].where(table["region"].isin(children)))
    span = scope.months(months)
    least = scope.profile.target(metric).min_n
    kept = [[], [split_by] if split_by in by else None, ["region"] if "region" in by else None]
    kept.append(by if len(by) == 2 else None)
    parts = [p for b in kept if b is not None for p in split(table, by=b, months=span)]
    return [judge_series(f, metric=metric, subject=s, min_cases=least) for s, f in parts]


def _share_series(scope: Scope, metric: str, months: int) -> list[Series]:
    table = _measured(scope, metric, [], months, scope.region.id)
    least = scope.profile.target(metric).min_n
    ((subject, frame),) = split(table, by=[], months=scope.months(months))
    return [judge_series(frame, metric=metric, subject=subject, min_cases=least)]


def _total(scope: Scope, metric: str, months: int, *, region: str) -> pd.DataFrame:
    table = _measured(scope, metric, [], months, region)
    inside = table["month"].isin(scope.months(months)) & table["n"].gt(0)
    return table[inside].reset_index(drop=True)


def _season(monthly: pd.DataFrame) -> Season:
    """The season of the longest stretch without a gap that ends with the last month."""
    rate = monthly.set_index("month")["rate"]
    step = rate.index.to_series().diff().dt.days.gt(31)
    return decompose_season(rate[step.cumsum() == step.cumsum().max()])


def _mix(scope: Scope, metric: str, split_by: str, months: int) -> tuple[RateAndMix | None, str]:
    """The last twelve months against the twelve before; None where either has no exposure."""
    if not split_by or months < 2 * YEAR or METRICS[metric].kind == "count":
        return None, split_by
    try:
        table = _measured(scope, metric, [split_by], months, scope.region.id)
    except DataError:
        return None, split_by
    table = table.dropna(subset=[split_by])
    span = scope.months(2 * YEAR)
    sums = [
        table[table["month"].isin(part)].groupby(split_by, as_index=False)[["bad", "n"]].sum()
        for part in (span[:YEAR], span[YEAR:])
    ]
    if any(s["n"].sum() == 0 for s in sums):
        return None, split_by
    return rate_and_mix(*sums, by=[split_by], count="bad", exposure="n"), split_by


def _table(judged: Sequence[Series], scope: Scope, split_by: str) -> pd.DataFrame:
    rows = [_row(s, split_by) for s in judged if s.change is not None]
    table = pd.DataFrame(rows)
    if table.empty:
        return table
    table["q"] = benjamini_hochberg(table["p"].to_numpy())
    table["severity"] = [
        judge(
            row.ratio,
            p=row.p,
            q=row.q,
            cases=row.cases,
            target=scope.profile.target(row.metric),
        )
        for row in table.rename(columns={"count": "cases"}).itertuples()
    ]
    order = table["severity"].map({"act": 0, "watch": 1, "ok": 2, "unknown": 3})
    table = table.assign(order=order).sort_values(["order", "p"]).drop(columns="order")
    return table.reset_index(drop=True)


def _row(series: Series, split_by: str) -> dict:
    change = series.change
    subject = {"region": series.subject.get("region", "")}
    if split_by:
        subject[split_by] = series.subject.get(split_by, "")
    return {
        "metric": series.metric,
        **subject,
        "months": series.months,
        "start": series.start,
        "n": float(series.frame["n"].tail(series.months).sum()),
        "count": change.count,
        "expected": change.expected,
        "excess": change.count - change.expected,
        "ratio": change.ratio,
        "low": change.low,
        "high": change.high,
        "p": series.p,
        "rung": change.rung,
    }
