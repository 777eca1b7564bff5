"""What changed, and when: the result of a trend report, and the call that makes it."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from aftersales.data.store.store import Store
from aftersales.findings import Finding, by_severity
from aftersales.questions.trend import alarm_words, charts, level_words, tables, words
from aftersales.questions.trend.facts import Facts, gather


class Trend(Facts):
    """The facts of a trend report, told: as sentences, tables and figures."""

    def to_frame(self) -> pd.DataFrame:
        """The judged series with all their numbers, most urgent first."""
        return tables.judged_table(self)

    def findings(self) -> list[Finding]:
        """Rises, falls, alarms, level, forecast, comparison; most urgent first."""
        return by_severity(words.findings(self))

    def season_findings(self) -> list[Finding]:
        """Whether the main rate has a season."""
        return level_words.season(self)

    def mix_findings(self) -> list[Finding]:
        """Whether the rates of its groups changed, or their shares."""
        return level_words.mix(self)

    def trust_findings(self) -> list[Finding]:
        """How often the weekly detector is wrong."""
        return alarm_words.trust(self)

    def series_table(self) -> pd.DataFrame:
        """The judged series for readers, most urgent first."""
        return tables.series_table(self)

    def alarm_table(self) -> pd.DataFrame:
        """The weekly alarms that are on now, most excess cases first."""
        return tables.alarm_table(self)

    def change_table(self) -> pd.DataFrame:
        """When the level of the main rate changed, and since when the urgent series are up."""
        return tables.change_table(self)

    def forecast_table(self) -> pd.DataFrame:
        """The next three months of the main rate."""
        return tables.forecast_table(self)

    def calibration_table(self) -> pd.DataFrame:
        """The kinds of series that were simulated, and the false alarms measured on each."""
        return tables.calibration_table(self)

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """The main rate by month, beside its parent's and the company's."""
        return charts.rate_by_month(self, ax=ax)

    def plot_chart(self, *, ax: Axes | None = None) -> Axes:
        """The control chart: outside the limits is more than chance."""
        return charts.control_chart(self, ax=ax)

    def plot_season(self, *, ax: Axes | None = None) -> Axes:
        """Trend, season and remainder of the main rate."""
        return charts.season(self, ax=ax)

    def plot_weeks(self, *, ax: Axes | None = None) -> Axes:
        """The weeks of the largest alarm, or of the main rate."""
        return charts.weeks(self, ax=ax)

    def plot_mix(self, *, ax: Axes | None = None) -> Axes:
        """What each group brings to the change over a year."""
        return charts.mix(self, ax=ax)


def trend(
    store: Store, *, region: str = "", as_of: str | pd.Timestamp | None = "", months: int = 36
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
    as_of : last complete day, such as "2025-12-31"; "" is that of the data
    months : length of history, in complete months up to `as_of`
    """
    return Trend(**vars(gather(store, region=region, as_of=as_of, months=months)))
