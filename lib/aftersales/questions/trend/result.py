"""What changed, and when: every monthly series of a region against its own past."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from aftersales import plot
from aftersales.data.store.store import Store
from aftersales.findings import Finding, by_severity
from aftersales.metrics import METRICS, available
from aftersales.metrics.cells import count_ahead
from aftersales.questions import naming
from aftersales.questions.no_rows import no_rows
from aftersales.questions.trend import alarm_words, date_words, level_words
from aftersales.questions.trend import tables as trend_tables
from aftersales.questions.trend import words as trend_words
from aftersales.questions.trend.level_words import measured
from aftersales.stats.like.rate_and_mix import RateAndMix
from aftersales.stats.series.control_chart import ControlChart, u_chart
from aftersales.stats.series.season import Season, decompose_season, deseasonalise
from aftersales.studies.alarms.calibration import Calibration, calibration
from aftersales.studies.alarms.weekly_alarms import alarms_now
from aftersales.studies.scope import Scope, read_scope
from aftersales.studies.series.change_dates import dated_rises, main_changes
from aftersales.studies.series.headline import YEAR, lines, mix_of, season_of
from aftersales.studies.series.judged_series import judged_table
from aftersales.studies.series.monthly import Series, judge_series
from aftersales.studies.series.monthly_tables import parts, series_of
from aftersales.studies.series.outlook import Outlook, outlook
from aftersales.studies.series.weekly_series import Weekly, weekly
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


@dataclass(frozen=True)
class Trend:
    """The judged series of a region and its main rate in detail.

    `table` has one row per judged series: ``metric``, ``region``, ``product`` (or what the rates
    are split by; "" is all), ``months`` of the window, ``start``, ``n``, ``count``, ``expected``,
    ``excess``, ``cost`` of the excess, ``ratio``, ``low``, ``high``, ``p``, ``q``, ``severity``,
    ``rung``, ``crude_ratio`` (the age of the units not allowed for), ``comparable`` (whether the
    past has units of that age), ``shape`` (see `stats.onset`). `monthly`, `above` and
    `reference` are the main rate of the region, of its parent and of the whole company;
    `main_changes` are its changes of level and `outlook` its forecast. `weekly` is what is watched
    by week (None without tickets), `alarms` what is on now, and `calibration` how often such
    alarms are false.
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
    outlook: Outlook
    weekly: Weekly | None = None
    alarms: pd.DataFrame = field(default_factory=pd.DataFrame)
    calibration: Calibration | None = None
    main_changes: pd.DataFrame | None = None

    def to_frame(self) -> pd.DataFrame:
        """The judged series, most urgent first."""
        return self.table.drop(columns=["comparable", "shape"], errors="ignore")

    def alarm_frame(self) -> pd.DataFrame:
        """The weekly alarms that are on now, most excess cases first."""
        if self.weekly is None:
            return no_rows(say("No series is watched by week."))
        if self.alarms.empty:
            return no_rows(say("No alarm is on."))
        return alarm_words.alarm_table(self.alarms, split_by=self.split_by)

    def series_frame(self) -> pd.DataFrame:
        """The judged series for readers, most urgent first."""
        return trend_tables.series_table(self)

    def change_frame(self) -> pd.DataFrame:
        """When the level of the main rate changed, and since when the urgent series are up."""
        rises = dated_rises(self.table, self.series, split_by=self.split_by)
        return date_words.change_table(self.main_changes, rises, split_by=self.split_by)

    def forecast_frame(self) -> pd.DataFrame:
        """The next three months of the main rate; counts are their own rate."""
        table = self.outlook.table
        if not self.outlook.known:
            return no_rows(say("No forecast: that takes two years of history and 30 cases."))
        if METRICS[self.metric].kind == "count":
            return table.drop(columns=["rate", "rate_low", "rate_high"])
        table = table.copy()
        table.attrs["unit"] = self._unit
        return table

    def calibration_frame(self) -> pd.DataFrame:
        """The kinds of series that were simulated, and the false alarms measured on each."""
        return trend_tables.calibration_table(self.calibration)

    def findings(self) -> list[Finding]:
        """Rises, falls, alarms, level, forecast, comparison; most urgent first."""
        return by_severity(trend_words.findings(self))

    def season_findings(self) -> list[Finding]:
        """Whether the main rate has a season."""
        return level_words.season(self)

    def mix_findings(self) -> list[Finding]:
        """Whether the rates of its groups changed, or their shares."""
        return level_words.mix(self)

    def trust_findings(self) -> list[Finding]:
        """How often the weekly detector is wrong."""
        return alarm_words.trust(self)

    def plot(self, *, ax=None):
        """The main rate by month, beside its parent's and the company's; counts stand alone."""
        tree, scope = self.scope.profile.regions, self.scope
        lines = {scope.region.id: self.monthly}
        if scope.parent is not None and METRICS[self.metric].kind != "count":
            lines |= {scope.parent.id: self.above, tree.root.id: self.reference}
        frames = [
            self._shown(f).assign(series=naming.region(scope, region))
            for region, f in lines.items()
        ]
        frame = pd.concat(frames).rename(columns={"month": "period"})
        ahead = self.outlook.table.rename(columns={"month": "period"})
        return plot.rate_lines(
            frame,
            ylabel=self.ylabel,
            unit=self._unit,
            changes=self.main_changes,
            ahead=ahead,
            ax=ax,
        )

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

    def plot_weeks(self, *, ax=None):
        """The weeks of the largest alarm, or of the main rate: cases, expectation and limit."""
        if self.weekly is None:
            return plot.nothing(say("There are no weekly counts to watch."), ax=ax)
        names, alarms = self.weekly.names, self.alarms
        keys = ["metric", "region", "part"]
        wanted = (
            alarms.iloc[0] if len(alarms) else {"metric": self.metric, "region": "", "part": ""}
        )
        at = (names[keys] == pd.Series({k: wanted[k] for k in keys})).all(axis=1)
        rows = self.weekly.alarms[self.weekly.alarms["series"].isin(names.index[at][:1])]
        frame = rows.rename(columns={"count": "value", "alarm": "signal"})
        subject = {"region": wanted["region"], self.split_by: wanted["part"]}
        subject = {k: v for k, v in subject.items() if v}
        ylabel = say(
            "{measure}, {subject}: cases a week",
            measure=measured(wanted["metric"]),
            subject=naming.subject(self.scope, subject) if subject else naming.region(self.scope),
        )
        frame = frame[["period", "value", "expected", "upper", "signal"]]
        return plot.control_chart(frame, ylabel=ylabel, ax=ax)

    def plot_mix(self, *, ax=None):
        """Contribution of each group to the change over a year: its own rate, and its share."""
        if self.mix is None:
            return plot.nothing(say("There is nothing to compare."), ax=ax)
        frame = self.mix.table.copy()
        frame["name"] = [naming.label(self.scope, self.split_by, v) for v in frame[self.split_by]]
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
    count_ahead(scope.rows(region=scope.profile.regions.root.id), by=[split_by] if split_by else [])
    found = [s for m in rates for s in series_of(scope, m, by=by, months=months)]
    found += [s for m in shares for s in series_of(scope, m, by=[[]], months=months)]
    table, judged = judged_table(judge_series(found), scope, split_by=split_by, months=months)
    monthly, above, reference = lines(scope, rates[0], months)
    watched = weekly(scope, judged, split_by=split_by, months=months)
    return Trend(
        scope=scope,
        metric=rates[0],
        split_by=split_by,
        table=table,
        series=judged,
        monthly=monthly,
        above=above,
        reference=reference,
        season=season_of(monthly),
        mix=mix_of(scope, rates[0], split_by, months),
        outlook=outlook(scope, rates[0], monthly),
        weekly=watched,
        alarms=alarms_now(scope, watched, judged=table, split_by=split_by),
        calibration=calibration(scope, watched),
        main_changes=main_changes(rates[0], monthly, watched),
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
    ahead = outlook(scope, FALLBACK, empty)
    return Trend(scope, FALLBACK, "", pd.DataFrame(), [], empty, empty, empty, season, None, ahead)
