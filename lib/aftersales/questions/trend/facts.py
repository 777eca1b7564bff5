"""What a trend report knows: every monthly series of a region against its own past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pandas as pd

from aftersales.data.store.store import Store
from aftersales.metrics import available
from aftersales.metrics.cells import count_ahead
from aftersales.stats.like.rate_and_mix import RateAndMix
from aftersales.stats.series.control_chart import ControlChart
from aftersales.stats.series.season import Season, decompose_season
from aftersales.studies.alarms import weekly_alarms
from aftersales.studies.alarms.calibration import Calibration, calibration
from aftersales.studies.scope import Scope, read_scope
from aftersales.studies.series import headline, judged_series
from aftersales.studies.series.change_dates import dated_rises, main_changes
from aftersales.studies.series.monthly import Series, judge_series
from aftersales.studies.series.monthly_tables import parts, series_of
from aftersales.studies.series.outlook import Outlook, outlook
from aftersales.studies.series.weekly_series import Weekly, weekly

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
_NOT_JUDGED = partial(pd.DataFrame, columns=judged_series.COLUMNS)
_NO_MONTHS = partial(pd.DataFrame, columns=["month", "bad", "n", "rate", "rate_low", "rate_high"])
_NO_PEERS = partial(pd.DataFrame, columns=headline.PEERS)
_NO_ALARMS = partial(pd.DataFrame, columns=weekly_alarms.COLUMNS)
_NO_SEASON = partial(decompose_season, pd.Series(dtype=float))


@dataclass(frozen=True)
class Facts:
    """The judged series of a region and its main rate in detail.

    `table` has one row of comparison per judged series (`judged_series`), whose ``part`` is what
    the rates are split by. `monthly`, `above` and `reference` are the main rate `metric` of the
    region, of its parent and of the whole company, and `peers` their last year side by side;
    `main_changes` are its changes of level, `rises` the dates of the series that rose, `chart` its
    control chart and `outlook` its forecast. `weekly` is what is watched by week (None without
    tickets), `alarms` what is on now, and `calibration` how often such alarms are false.
    """

    scope: Scope
    metric: str
    split_by: str = ""
    table: pd.DataFrame = field(default_factory=_NOT_JUDGED)
    series: Sequence[Series] = ()
    monthly: pd.DataFrame = field(default_factory=_NO_MONTHS)
    above: pd.DataFrame = field(default_factory=_NO_MONTHS)
    reference: pd.DataFrame = field(default_factory=_NO_MONTHS)
    peers: pd.DataFrame = field(default_factory=_NO_PEERS)
    chart: ControlChart | None = None
    season: Season = field(default_factory=_NO_SEASON)
    mix: RateAndMix | None = None
    outlook: Outlook = field(default_factory=Outlook)
    main_changes: pd.DataFrame | None = None
    rises: pd.DataFrame = field(default_factory=pd.DataFrame)
    weekly: Weekly | None = None
    alarms: pd.DataFrame = field(default_factory=_NO_ALARMS)
    calibration: Calibration | None = None

    def subject_of(self, row: Any) -> dict[str, str]:
        """The attributes that name a series, without the empty ones."""
        named = {"region": row.region, self.split_by: row.part}
        return {key: value for key, value in named.items() if value}


def gather(store: Store, *, region: str, as_of: str | pd.Timestamp | None, months: int) -> Facts:
    """Measure and judge all that the report speaks of; see `result.trend`."""
    scope, (rates, shares) = read_scope(store, region=region, as_of=as_of), _metrics(store)
    if not rates:
        return Facts(scope, FALLBACK)
    main = rates[0]
    split_by = next((c for c in SPLITS if available(main, store, by=[c])), "")
    company = scope.rows(region=scope.profile.regions.root.id)
    count_ahead(company, by=[split_by] if split_by else [])
    by = dict.fromkeys(rates, parts(scope, split_by=split_by)) | {m: [[]] for m in shares}
    table, series = _judged(scope, by, months=months)
    monthly, above, reference = headline.lines(scope, main, months)
    watched = weekly(scope, series, months=months)
    changes = main_changes(main, monthly, watched)
    return Facts(
        scope=scope,
        metric=main,
        split_by=split_by,
        table=table,
        series=series,
        monthly=monthly,
        above=above,
        reference=reference,
        peers=headline.peers(scope, main, own=monthly, parent=above, company=reference),
        chart=headline.control(main, monthly),
        season=headline.season_of(monthly),
        mix=headline.mix_of(scope, main, split_by, months),
        outlook=outlook(scope, main, monthly),
        main_changes=changes,
        rises=dated_rises(table, series, main=changes),
        weekly=watched,
        alarms=weekly_alarms.alarms_now(scope, watched, monthly=table),
        calibration=calibration(scope, watched),
    )


def _judged(
    scope: Scope, by: Mapping[str, list[list[str]]], *, months: int
) -> tuple[pd.DataFrame, list[Series]]:
    """The table of judged series and all series, of each metric by its groupings."""
    found = [s for m, parts in by.items() for s in series_of(scope, m, by=parts, months=months)]
    return judged_series.judged_table(judge_series(found), scope, months=months)


def _metrics(store: Store) -> tuple[list[str], list[str]]:
    """What is judged in all its parts, and what in all: rates, else counts, else one share."""
    shares = [m for m in SHARES if available(m, store)]
    rates = [m for m in RATES if available(m, store)]
    rates = rates or [m for m in (FALLBACK,) if available(m, store)] or shares[:1]
    return rates, [m for m in shares if m not in rates]
