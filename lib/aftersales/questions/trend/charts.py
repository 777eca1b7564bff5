"""The figures of a trend report."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from aftersales import plot
from aftersales.metrics import METRICS
from aftersales.questions import naming
from aftersales.questions.naming import measured
from aftersales.questions.trend.facts import Facts
from aftersales.studies.series.echoes import PLACE
from aftersales.words import say


def rate_by_month(facts: Facts, *, ax: Axes | None = None) -> Axes:
    """The main rate by month, beside its parent's and the company's; counts stand alone."""
    scope = facts.scope
    lines = {scope.region.id: facts.monthly}
    if scope.parent is not None and METRICS[facts.metric].kind != "count":
        root = scope.profile.regions.root
        lines |= {scope.parent.id: facts.above, root.id: facts.reference}
    frames = [
        _shown(facts, frame).assign(series=naming.region(scope, region))
        for region, frame in lines.items()
    ]
    return plot.rate_lines(
        pd.concat(frames).rename(columns={"month": "period"}),
        ylabel=_label(facts),
        unit=_unit(facts),
        changes=facts.main_changes,
        ahead=facts.outlook.table.rename(columns={"month": "period"}),
        ax=ax,
    )


def control_chart(facts: Facts, *, ax: Axes | None = None) -> Axes:
    """The control chart of the main rate, season taken out."""
    if facts.chart is None:
        return plot.nothing(say("There is no month to chart."), ax=ax)
    shown = _shown(facts, facts.monthly)["rate"].notna().to_numpy()
    frame = facts.chart.to_frame()
    frame = frame.assign(value=frame["value"].where(shown), signal=frame["signal"] & shown)
    measure = _label(facts, measured(facts.metric))
    ylabel = say("{measure}, season taken out", measure=measure)
    return plot.control_chart(frame, ylabel=ylabel, unit=_unit(facts), ax=ax)


def season(facts: Facts, *, ax: Axes | None = None) -> Axes:
    """Trend, season and remainder of the main rate (STL)."""
    return plot.season(facts.season.to_frame(), ylabel=_label(facts), ax=ax)


def weeks(facts: Facts, *, ax: Axes | None = None) -> Axes:
    """The weeks of the largest alarm, or of the main rate: cases, expectation and limit."""
    if facts.weekly is None:
        return plot.nothing(say("There are no weekly counts to watch."), ax=ax)
    names, main = facts.weekly.names, [facts.metric, "", ""]
    wanted = pd.concat([facts.alarms[PLACE], pd.DataFrame([main], columns=PLACE)]).iloc[0]
    at = names.index[(names[PLACE] == wanted).all(axis=1)][:1]
    rows = facts.weekly.alarms[facts.weekly.alarms["series"].isin(at)]
    frame = rows.rename(columns={"count": "value", "alarm": "signal"})
    ylabel = say(
        "{measure}, {subject}: cases a week",
        measure=measured(wanted["metric"]),
        subject=naming.whom(facts.scope, facts.subject_of(wanted)),
    )
    frame = frame[["period", "value", "expected", "upper", "signal"]]
    return plot.control_chart(frame, ylabel=ylabel, ax=ax)


def mix(facts: Facts, *, ax: Axes | None = None) -> Axes:
    """Contribution of each group to the change over a year: its own rate, and its share."""
    if facts.mix is None:
        return plot.nothing(say("There is nothing to compare."), ax=ax)
    groups = facts.mix.table
    names = [naming.label(facts.scope, facts.split_by, v) for v in groups[facts.split_by]]
    scale = 1000.0 if METRICS[facts.metric].kind == "rate" else 1.0
    effects = {c: groups[c] * scale for c in ("rate_effect", "mix_effect")}
    frame = groups.assign(name=names, **effects)
    return plot.mix_rate_bars(frame, xlabel=_label(facts), unit=_unit(facts), ax=ax)


def _shown(facts: Facts, rates: pd.DataFrame) -> pd.DataFrame:
    """Rates as figures show them: months below `min_n` are blank, those of counts are not."""
    if METRICS[facts.metric].kind == "count":
        return rates
    few = rates["n"] < facts.scope.profile.target(facts.metric).min_n
    columns = ["rate", "rate_low", "rate_high"]
    return rates.assign(**{c: rates[c].astype(float).mask(few) for c in columns})


def _unit(facts: Facts) -> str:
    """How figures print values: shares as percent."""
    return naming.as_share(METRICS[facts.metric].unit)


def _label(facts: Facts, measure: str = "") -> str:
    """Title and unit of the main rate, or of another measure of the same unit."""
    info = METRICS[facts.metric]
    measure = measure or say(info.title)
    if naming.as_share(info.unit):
        return measure
    return say("{measure} ({unit})", measure=measure, unit=say(info.unit))
