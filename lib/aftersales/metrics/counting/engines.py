"""The way in and out of a metric: any table narwhals reads, reduced to a small pandas table."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame

from aftersales.errors import DataError, nearest
from aftersales.stats.counts.intervals import poisson_exact, wilson

DAY = pd.Timedelta(days=1)
PLACE = "stored_region"  # group of counts that are added up later, see `national`
MICRO = 1_000_000
_EPOCH_MONTH = 1970 * 12 + 1  # months are counted from year 0: year * 12 + month


def scan(
    rows: IntoFrame,
    *,
    needs: Iterable[str],
    table: str = "table",
    metric: str = "",
    time: str = "",
) -> nw.LazyFrame:
    """The rows as a lazy narwhals frame, once every column in `needs` is known to be there.

    Parameters
    ----------
    rows : pandas, DuckDB or Spark table, or a narwhals frame of one
    needs : columns the metric reads; "month", where the table has none, is the first day of
        the month of column `time`
    table, metric : names for the error message
    """
    lazy = nw.from_native(rows).lazy()
    have = lazy.collect_schema().names()
    needs = list(dict.fromkeys([*needs, *([time] if time else [])]))
    with_month = bool(time) and "month" in needs and "month" not in have
    for column in needs:
        if column not in have and not (with_month and column == "month"):
            wanted = f"Metric {metric} needs" if metric else "This needs"
            raise DataError(
                f'{wanted} the column "{column}" of table {table}, which is not there; '
                f"{nearest(column, have)} Map it in sources.yaml, or leave this metric out."
            )
    return add_month(lazy, time) if with_month else lazy


def closing(as_of: pd.Timestamp) -> pd.Timestamp:
    """The end of the day `as_of`: what happens before it is known, nothing later is.

    >>> closing(pd.Timestamp("2025-12-31"))
    Timestamp('2026-01-01 00:00:00')
    """
    return pd.Timestamp(as_of).normalize() + DAY


def known(column: str, *, as_of: pd.Timestamp) -> nw.Expr:
    """Whether the event whose time is in `column` had happened by the end of `as_of`.

    Missing where the time is: a filter drops such rows, `one` counts them 0. (Filled here, the
    condition could not be pushed down to the files.)
    """
    return nw.col(column) < closing(as_of)


def flag(column: str) -> nw.Expr:
    """1 where a yes/no column is true, else 0; missing counts as no."""
    return nw.col(column).fill_null(False).cast(nw.Int64)


def one(condition: nw.Expr) -> nw.Expr:
    """1 where the condition holds, 0 where it does not or is missing."""
    return condition.fill_null(False).cast(nw.Int64)


def month_index(time: str) -> nw.Expr:
    """Months since January 1970 of a time column, as an integer, on every engine."""
    return nw.col(time).dt.year() * 12 + nw.col(time).dt.month() - _EPOCH_MONTH


def month_of(moment: pd.Timestamp) -> int:
    """Months since January 1970 of one moment.

    >>> month_of(pd.Timestamp("1971-03-05"))
    14
    """
    moment = pd.Timestamp(moment)
    return moment.year * 12 + moment.month - _EPOCH_MONTH


def first_day(months: Iterable[int]) -> np.ndarray:
    """First days of months counted since January 1970."""
    whole = np.asarray(months, dtype="int64").astype("datetime64[M]")
    return whole.astype("datetime64[us]")


def add_month(lazy: nw.LazyFrame, time: str) -> nw.LazyFrame:
    """The frame with a column ``month``: the first day of the month of column `time`."""
    return lazy.with_columns(month=nw.col(time).dt.truncate("1mo"))


def hours_until(lazy: nw.LazyFrame, column: str, moment: pd.Timestamp) -> nw.Expr:
    """Hours from the time in `column` of `lazy` to `moment`; negative if it is later."""
    if lazy.implementation.is_spark_like():
        return _hours_by_calendar(nw.col(column).dt, pd.Timestamp(moment))
    return (nw.lit(pd.Timestamp(moment)) - nw.col(column)).dt.total_microseconds() / 3.6e9


def _hours_by_calendar(time: Any, moment: pd.Timestamp) -> nw.Expr:
    """The same from calendar parts, where an engine cannot subtract times.

    Days are counted as in Fliegel and van Flandern (1968, Commun. ACM 11:657).
    """
    year = time.year() - 1
    days = year * 365 + year // 4 - year // 100 + year // 400 + time.ordinal_day()
    seconds = time.hour() * 3600 + time.minute() * 60 + time.second() + time.microsecond() / 1e6
    until = moment.toordinal() * 86_400.0 + (moment - moment.normalize()).total_seconds()
    return (until - days * 86_400.0 - seconds) / 3600.0


def reduce(lazy: nw.LazyFrame, by: list[str], **totals: nw.Expr) -> nw.LazyFrame:
    """One row per group of `by` (missing values are a group of their own), or one row in all.

    `totals` name aggregating expressions; sums over no rows are 0.
    """
    return lazy.group_by(*by).agg(**totals) if by else lazy.select(**totals)


def total(column: str) -> nw.Expr:
    """The sum of a column."""
    return nw.col(column).sum()


def micro(amount: nw.Expr) -> nw.Expr:
    """An amount in whole millionths, whose sum is the same in whatever order it is made.

    Sums of fractions differ in their last digits with the number of threads.
    """
    return (amount * MICRO).round().cast(nw.Int64)


def squares(column: str) -> dict[str, nw.Expr]:
    """Whole numbers whose sums make up the sum of squares of a column of `micro` (see `squared`).

    The square of a large amount in millionths does not fit; those of its whole part and rest do.
    """
    whole = nw.col(column) // MICRO
    rest = nw.col(column) - whole * MICRO
    return {"_ww": whole * whole, "_wr": whole * rest, "_rr": rest * rest}


def squared(sums: pd.DataFrame) -> pd.Series:
    """The sum of squares of the amounts, from the sums of `squares`."""
    parts = sums[["_ww", "_wr", "_rr"]].astype("float64")
    return parts["_ww"] + 2.0 * parts["_wr"] / MICRO + parts["_rr"] / float(MICRO) ** 2


def collect(lazy: nw.LazyFrame, *, sort: list[str]) -> pd.DataFrame:
    """The result in pandas, the same from every engine.

    Counts (`n`, names that start with `n_` or `_`, integers) are int64, other numbers float64,
    times naive datetime64[us], text is str; rows are sorted by `sort`, missing values last.
    """
    frame = _to_pandas(lazy).reset_index(drop=True)
    frame = frame.assign(**{name: _plain(frame[name]) for name in frame.columns})
    if sort:
        frame = frame.sort_values(sort, kind="stable", na_position="last", ignore_index=True)
    return frame


def _to_pandas(lazy: nw.LazyFrame) -> pd.DataFrame:
    """The rows in pandas; from Spark through Arrow, since its own way does not know pandas 3."""
    if lazy.implementation.is_spark_like():
        return lazy.collect(backend="pyarrow").to_pandas()
    return lazy.collect(backend="pandas").to_native()


def _plain(values: pd.Series) -> pd.Series:
    """One dtype per kind of value, whatever the engine delivered."""
    kind = values.dtype
    if pd.api.types.is_datetime64_any_dtype(kind):
        naive = values.dt.tz_localize(None) if values.dt.tz is not None else values
        return naive.astype("datetime64[us]")
    if isinstance(kind, pd.CategoricalDtype):
        return _plain(values.astype(object))
    if pd.api.types.is_object_dtype(kind):
        present = values.dropna()
        if present.map(lambda v: isinstance(v, Decimal)).all() and len(present):
            return _plain(values.astype("float64"))
        texts = present.map(lambda v: isinstance(v, str)).all()
        return values.astype("str") if texts else values
    name = str(values.name)
    whole = pd.api.types.is_integer_dtype(kind) or name == "n" or name.startswith(("n_", "_"))
    if whole and not values.isna().any():
        return values.astype("int64")
    if pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind):
        return values.astype("float64")
    return values.astype("str") if pd.api.types.is_string_dtype(kind) else values


def with_wilson_interval(frame: pd.DataFrame, *, hits: str) -> pd.DataFrame:
    """Add ``rate`` = `hits` / ``n`` and its 95 % Wilson score interval.

    A group with ``n`` 0 gets missing values (Wilson 1927, J. Am. Stat. Assoc. 22:209).
    """
    count, n = frame[hits].to_numpy("float64"), frame["n"].to_numpy("float64")
    low, high = wilson(count, n)
    rate = np.divide(count, n, out=np.full(len(frame), np.nan), where=n > 0)
    return frame.assign(rate=rate, rate_low=np.asarray(low), rate_high=np.asarray(high))


def with_poisson_interval(frame: pd.DataFrame, *, count: str, per: float = 1000.0) -> pd.DataFrame:
    """Add ``rate`` = `per` x `count` / ``n`` and its exact 95 % Poisson interval.

    A group with ``n`` 0 gets missing values (Garwood 1936, Biometrika 28:437).
    """
    events, n = frame[count].to_numpy("float64"), frame["n"].to_numpy("float64")
    low, high = poisson_exact(events, exposure=n)
    rate = np.divide(events, n, out=np.full(len(frame), np.nan), where=n > 0)
    return frame.assign(
        rate=per * rate, rate_low=per * np.asarray(low), rate_high=per * np.asarray(high)
    )


def proportion(lazy: nw.LazyFrame, *, by: list[str], hit: nw.Expr, count: str) -> pd.DataFrame:
    """Share of rows where `hit` holds: ``n``, `count`, ``rate`` and its Wilson interval."""
    marked = lazy.select(*by, **{count: one(hit)})
    counts = collect(reduce(marked, by, n=nw.len(), **{count: total(count)}), sort=by)
    return with_wilson_interval(counts, hits=count)


def matured(
    lazy: nw.LazyFrame, *, by: list[str], mature: nw.Expr, hit: nw.Expr, count: str
) -> pd.DataFrame:
    """The same among rows where `mature` holds, and ``mature``: their share of all rows.

    Counts by `PLACE` keep ``_all``, the number of all rows: it is needed when they are added up.
    """
    marked = lazy.select(*by, _judged=one(mature), **{count: one(mature & hit)})
    totals = {"n": total("_judged"), count: total(count), "_all": nw.len()}
    counts = collect(reduce(marked, by, **totals), sort=by)
    return counts if PLACE in by else with_mature(counts, hits=count)


def with_mature(counts: pd.DataFrame, *, hits: str) -> pd.DataFrame:
    """Rate, interval and ``mature`` from ``n`` judged, `hits` of them, and ``_all`` rows."""
    counts = with_wilson_interval(counts, hits=hits)
    cases = counts["_all"].to_numpy("float64")
    share = np.divide(counts["n"], cases, out=np.full(len(counts), np.nan), where=cases > 0)
    return counts.drop(columns="_all").assign(mature=share)


def merge_groups(left: pd.DataFrame, right: pd.DataFrame, *, by: list[str]) -> pd.DataFrame:
    """All groups of both small tables side by side; numbers that one of them lacks are 0."""
    if not by:
        return pd.concat([left, right], axis=1)
    both = left.merge(right, on=by, how="outer")
    values = [c for c in both.columns if c not in by]
    both = both.assign(**{c: both[c].fillna(0).astype(_kept(left, right, c)) for c in values})
    return both.sort_values(by, kind="stable", na_position="last", ignore_index=True)


def _kept(left: pd.DataFrame, right: pd.DataFrame, column: str) -> np.dtype:
    return left[column].dtype if column in left else right[column].dtype
