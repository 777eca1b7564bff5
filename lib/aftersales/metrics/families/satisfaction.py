"""What customers say when asked: satisfied answers, and promoters against detractors."""

from __future__ import annotations

import narwhals as nw
import pandas as pd
from narwhals.typing import IntoFrame

from aftersales.metrics.counting.engines import collect, known, one, proportion, reduce, scan, total
from aftersales.stats.counts.intervals import nps

TOP_TWO_OF_FIVE = 0.75  # place of "4 of 5" on a scale from 0 to 1
PROMOTER, DETRACTOR = 9.0, 6.0  # of 10: at least 9, at most 6 (Reichheld 2003, HBR 81:46)
_SLACK = 1e-9  # scores are floats; 4 of 5 must not fail by a rounding
_SCALES = {"csat": (1.0, 5.0), "nps": (0.0, 10.0)}  # where the answer does not say


def csat_rate(surveys: IntoFrame, *, by: list[str], as_of: pd.Timestamp) -> pd.DataFrame:
    """Share of satisfied answers: the top two boxes, 4 or 5 of 5.

    Other scales are mapped to 0-1 by ``scale_min`` and ``scale_max``; an answer is satisfied
    from 0.75 up, e.g. 4 of 5, 6 of 7, 8 of 10. Without a scale 1 to 5 is taken. Answers outside
    their scale are left out.

    Parameters
    ----------
    surveys : one row per answer; needs ``instrument`` (rows with "csat" count), ``score``,
        ``answered_at`` and the columns in `by`; "month" in `by` is the month of the answer

    Returns
    -------
    DataFrame, one row per group
        ``n`` answers, ``n_satisfied``, ``rate`` and 95 % Wilson interval.
    """
    lazy = _answers(surveys, "csat", by=by, as_of=as_of, metric="csat_rate")
    satisfied = nw.col("_place") >= TOP_TWO_OF_FIVE - _SLACK
    return proportion(lazy, by=by, hit=satisfied, count="n_satisfied")


def net_promoter_score(surveys: IntoFrame, *, by: list[str], as_of: pd.Timestamp) -> pd.DataFrame:
    """Percentage of promoters (9-10 of 10) minus percentage of detractors (0-6), -100 to 100.

    Other scales are mapped to 0-10 by ``scale_min`` and ``scale_max``; without a scale 0 to 10
    is taken. Answers outside their scale are left out.

    Parameters
    ----------
    surveys : one row per answer; needs ``instrument`` (rows with "nps" count), ``score``,
        ``answered_at`` and the columns in `by`; "month" in `by` is the month of the answer

    Returns
    -------
    DataFrame, one row per group
        ``n`` answers, ``n_promoters``, ``n_passives``, ``n_detractors``, ``score`` and its 95 %
        interval ``score_low``, ``score_high`` (see `stats.intervals.nps`).
    """
    lazy = _answers(surveys, "nps", by=by, as_of=as_of, metric="net_promoter_score")
    lazy = lazy.with_columns(
        n_promoters=one(nw.col("_place") >= PROMOTER / 10 - _SLACK),
        n_detractors=one(nw.col("_place") <= DETRACTOR / 10 + _SLACK),
    )
    totals = {name: total(name) for name in ("n_promoters", "n_detractors")}
    counts = collect(reduce(lazy, by, n=nw.len(), **totals), sort=by)
    passives = counts["n"] - counts["n_promoters"] - counts["n_detractors"]
    counts.insert(len(by) + 2, "n_passives", passives)
    score, low, high = nps(counts["n_promoters"], passives, counts["n_detractors"])
    return counts.assign(score=score, score_low=low, score_high=high)


def _answers(
    surveys: IntoFrame, instrument: str, *, by: list[str], as_of: pd.Timestamp, metric: str
) -> nw.LazyFrame:
    """Answers to one question with ``_place``: 0 the worst, 1 the best the scale allows."""
    needs = ["instrument", "score", *by]
    lazy = scan(surveys, needs=needs, table="surveys", metric=metric, time="answered_at")
    have = lazy.collect_schema().names()
    low, high = (
        nw.col(column).fill_null(default) * 1.0 if column in have else default
        for column, default in zip(("scale_min", "scale_max"), _SCALES[instrument], strict=True)
    )
    width = high - low
    if isinstance(width, nw.Expr):  # an upside-down scale has no places
        width = nw.when(width > 0).then(width)
    place = (nw.col("score") - low) / width
    asked = nw.col("instrument") == instrument
    inside = [place >= -_SLACK, place <= 1 + _SLACK]
    return lazy.filter(known("answered_at", as_of=as_of), asked, *inside).select(*by, _place=place)
