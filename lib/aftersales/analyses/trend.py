"""What changed, and when: every monthly series of a region against its own past."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from aftersales import plot
from aftersales.analyses import trend_words
from aftersales.analyses.level_words import measured
from aftersales.analyses.monthly import Series
from aftersales.analyses.panel import judged_series, monthly_table, parts, total
from aftersales.analyses.rises import judged_table
from aftersales.analyses.scope import Scope, read_scope
from aftersales.data.store import Store
from aftersales.findings import Finding, by_severity
from aftersales.metrics import METRICS, available
from aftersales.stats.control_chart import ControlChart, u_chart
from aftersales.stats.decompose import RateAndMix, rate_and_mix
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
YEAR = 12


@dataclass(frozen=True)
class Trend:
    """The judged series of a region and its main rate in detail.

    `table` has one row per judged series: ``metric``, ``region``, ``product`` (or what the rates
    are split by; "" is all), ``months`` of the window, ``start``, ``n``, ``count``, ``expected``,
    ``excess``, ``cost`` of the excess, ``ratio``, ``low``, ``high``, ``p``, ``q``, ``severity``,
    ``rung``, ``crude_ratio`` (the age of the units not allowed for), ``comparable`` (whether the
    past has units of that age). `monthly`, `above` and
    `reference` are the main rate of the region, of its parent and of the whole company.
    """

    scope: Scope
    metric: str
    split_by: str
    table: pd.DataFrame
    series: Sequence[Series]
    monthly: pd.DataFrame
    above: pd.DataFrame
    reference: pd.DataFrame
    season: Season
    mix: RateAndMix | None

    def to_frame(self) -> pd.DataFrame:
        """The judged series, most urgent first."""
        return self.table.drop(columns="comparable", errors="ignore")

    def findings(self) -> list[Finding]:
        """Rises, falls, season, comparison with the company, mix; most urgent first."""
        return by_severity(trend_words.findings(self))

    def plot(self, *, ax=None):
        """The main rate by month, beside its parent's and the company's; counts stand alone."""
        tree, scope = self.scope.profile.regions, self.scope
        lines = {scope.region.id: self.monthly}
        if scope.parent is not None and METRICS[self.metric].kind != "count":
            lines |= {scope.parent.id: self.above, tree.root.id: self.reference}
        frames = [self._shown(f).assign(series=scope.name(region)) for region, f in lines.items()]
        frame = pd.concat(frames).rename(columns={"month": "period"})
        return plot.rate_lines(frame, ylabel=self.ylabel, unit=self._unit, ax=ax)

    def _shown(self, rates: pd.DataFrame) -> pd.DataFrame:
        """Rates as figures show them: months below `min_n` are blank, those of counts are not."""
        if METRICS[self.metric].kind == "count":
            return rates
        few = rates["n"] < self.scope.profile.target(self.metric).min_n
        columns = ["rate", "rate_low", "rate_high"]
        return rates.assign(**{c: rates[c].astype(float).mask(few) for c in columns})

    @property
    def _unit(self) -> str:
        """How plots print values: shares as percent."""
        unit = METRICS[self.metric].unit
        return unit if unit == "share" else ""

    @property
    def ylabel(self) -> str:
        """Title and unit of the main rate."""
        return self._label(say(METRICS[self.metric].title))

    def _label(self, measure: str) -> str:
        unit = METRICS[self.metric].unit
        if unit == "share":
            return measure
        return say("{measure} ({unit})", measure=measure, unit=say(unit))

    def chart(self) -> ControlChart:
        """Control chart of what goes wrong, season taken out; limits from all but 12 months."""
        bad, n = self.monthly["bad"].to_numpy(float), self.monthly["n"].to_numpy(float)
        factor = deseasonalise(bad, n)["factor"].to_numpy()
        months = pd.DatetimeIndex(self.monthly["month"])
        return u_chart(
            pd.Series(bad, index=months),
            pd.Series(n * factor, index=months),
            per=self._per,
            measure=self.metric,
            baseline=max(len(months) - YEAR, YEAR) if len(months) > YEAR else None,
        )

    @property
    def _per(self) -> float:
        """Base of the main rate; counts are charted per month of 30 days."""
        return {"rate": 1000.0, "count": 30.0}.get(METRICS[self.metric].kind, 1.0)

    def plot_chart(self, *, ax=None):
        """The control chart: outside the limits is more than chance."""
        if self.monthly.empty:
            return plot.nothing(say("There is no month to chart."), ax=ax)
        shown = self._shown(self.monthly)["rate"].notna().to_numpy()
        frame = self.chart().to_frame()
        frame = frame.assign(value=frame["value"].where(shown), signal=frame["signal"] & shown)
        ylabel = say("{measure}, season taken out", measure=self._label(measured(self.metric)))
        return plot.control_chart(frame, ylabel=ylabel, unit=self._unit, ax=ax)

    def plot_season(self, *, ax=None):
        """Trend, season and remainder of the main rate (STL)."""
        return plot.season(self.season.to_frame(), ylabel=self.ylabel)

    def plot_mix(self, *, ax=None):
        """Contribution of each group to the change over a year: its own rate, and its share."""
        if self.mix is None:
            return plot.nothing(say("There is no earlier year to compare with."), ax=ax)
        frame = self.mix.table.copy()
        frame["name"] = [self.scope.label(self.split_by, v) for v in frame[self.split_by]]
        scale = 1000.0 if METRICS[self.metric].kind == "rate" else 1.0
        frame[["rate_effect", "mix_effect"]] *= scale
        return plot.mix_rate_bars(frame, xlabel=self.ylabel, unit=self._unit, ax=ax)


def trend(
    store: Store, *, region: str = "", as_of: pd.Timestamp | None = None, months: int = 36
) -> Trend:
    """Judge every monthly series of a region against its own past.

    The rates (faults, complaints; counts where no exposure is known) are judged in all, by product,
    by child region and by both; service and satisfaction shares are judged in all. A series' last
    1, 3, 6 and 12 months are each held against everything before, season and over-dispersion
    allowed for, and the false discovery rate is controlled over all series of the report
    (Benjamini and Hochberg 1995, J. R. Stat. Soc. B 57:289). Where one changed, the month in which
    the change most likely began is looked for, and the part that goes with the age of the units is
    taken out.

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
    by = parts(scope, split_by=split_by)
    judged = [s for m in rates for s in judged_series(scope, m, by=by, months=months)]
    judged += [s for m in shares for s in judged_series(scope, m, by=[[]], months=months)]
    monthly, above, reference = _lines(scope, rates[0], months)
    return Trend(
        scope=scope,
        metric=rates[0],
        split_by=split_by,
        table=judged_table(judged, scope, split_by=split_by, months=months),
        series=judged,
        monthly=monthly,
        above=above,
        reference=reference,
        season=_season(monthly),
        mix=_mix(scope, rates[0], split_by, months),
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
    return Trend(scope, FALLBACK, "", pd.DataFrame(), [], empty, empty, empty, season, None)


def _lines(scope: Scope, metric: str, months: int) -> list[pd.DataFrame]:
    """The rate of the region, of its parent and of the company; each is measured once."""
    own, root = scope.region.id, scope.profile.regions.root.id
    wanted = [own, scope.parent.id if scope.parent else own, root]
    found = {r: total(scope, metric, months=months, region=r) for r in dict.fromkeys(wanted)}
    return [found[r] for r in wanted]


def _season(monthly: pd.DataFrame) -> Season:
    """The season of the longest stretch without a gap that ends with the last month."""
    rate = monthly.set_index("month")["rate"]
    step = rate.index.to_series().diff().dt.days.gt(31)
    return decompose_season(rate[step.cumsum() == step.cumsum().max()])


def _mix(scope: Scope, metric: str, split_by: str, months: int) -> RateAndMix | None:
    """The last twelve months against the twelve before; None where either has no exposure."""
    info = METRICS[metric]
    if not split_by or months < 2 * YEAR or info.kind not in ("rate", "proportion"):
        return None
    table = monthly_table(scope, metric, by=[split_by], months=months).dropna(subset=[split_by])
    span = scope.months(2 * YEAR)
    sums = [
        table[table["month"].isin(part)].groupby(split_by, as_index=False)[[info.count, "n"]].sum()
        for part in (span[:YEAR], span[YEAR:])
    ]
    if any(s["n"].sum() == 0 for s in sums):
        return None
    return rate_and_mix(*sums, by=[split_by], count=info.count, exposure="n")
