"""What after-sales costs: money per unit, per ticket and per repair."""

from __future__ import annotations

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame
from scipy import stats

from aftersales.errors import DataError
from aftersales.metrics.counting.engines import (
    MICRO,
    collect,
    known,
    micro,
    reduce,
    scan,
    squared,
    squares,
    total,
)
from aftersales.metrics.counting.exposure import in_service
from aftersales.stats.counts.bootstrap import bootstrap_mean

RESAMPLED = 2_000  # customers in a group above which its mean is normal enough to skip resampling
_REPAIR_COSTS = ("labour_cost", "part_cost")


def cost_per_ticket(
    tickets: IntoFrame, *, by: list[str], as_of: pd.Timestamp, seed: int = 0
) -> pd.DataFrame:
    """Mean cost of a ticket, in the profile's currency.

    The interval resamples customers, whose tickets cost alike; a ticket without a customer
    stands alone. Above 2,000 customers the linearised normal interval is used instead.

    Parameters
    ----------
    tickets : one row per ticket; needs ``ticket_id``, ``opened_at``, ``cost`` (tickets without
        it are left out) and the columns in `by`; ``customer_id`` if there is one
    seed : of the resampling

    Returns
    -------
    DataFrame, one row per group
        ``n`` tickets, ``n_customers``, ``cost`` (their sum), ``score`` (cost per ticket) and its
        95 % interval ``score_low``, ``score_high``.
    """
    needs = ["ticket_id", "cost", *by]
    lazy = scan(tickets, needs=needs, table="tickets", metric="cost_per_ticket", time="opened_at")
    lazy = lazy.filter(known("opened_at", as_of=as_of), ~nw.col("cost").is_null())
    rows = lazy.select(*by, _customer=_customer(lazy, "ticket_id"), _cost=micro(nw.col("cost")))
    return _per_case(rows.with_columns(_cases=nw.lit(1)), by=by, seed=seed)


def cost_per_repair(
    repairs: IntoFrame, *, by: list[str], as_of: pd.Timestamp, seed: int = 0
) -> pd.DataFrame:
    """Mean cost of labour and parts of a repair; as `cost_per_ticket`.

    Parameters
    ----------
    repairs : one row per repair; needs ``repair_id``, ``opened_at``, ``labour_cost`` or
        ``part_cost`` (a repair with neither is left out) and the columns in `by`;
        ``customer_id`` (else ``unit_id``) names what is resampled
    """
    needs, metric = ["repair_id", *by], "cost_per_repair"
    lazy = scan(repairs, needs=needs, table="repairs", metric=metric, time="opened_at")
    lazy = _with_cost(lazy.filter(known("opened_at", as_of=as_of)), metric=metric)
    lazy = lazy.filter(~nw.col("_cost").is_null())
    rows = lazy.select(*by, _cost=micro(nw.col("_cost")), _customer=_customer(lazy, "repair_id"))
    return _per_case(rows.with_columns(_cases=nw.lit(1)), by=by, seed=seed)


def cost_per_unit(
    units: IntoFrame, *, repairs: IntoFrame, by: list[str], as_of: pd.Timestamp, seed: int = 0
) -> pd.DataFrame:
    """Cost of repairs per unit in service, in the profile's currency.

    All repairs in the table count, so it covers the period that `repairs` covers; units
    without a repair count with cost 0.

    Parameters
    ----------
    units : one row per unit; needs ``unit_id``, a start of service and the columns in `by`
    repairs : one row per repair; needs ``unit_id``, ``opened_at`` and a cost
    seed : of the resampling

    Returns
    -------
    DataFrame, one row per group
        ``n`` units, ``n_customers``, ``cost``, ``score`` (cost per unit) and its 95 % interval.
    """
    metric = "cost_per_unit"
    fleet = in_service(units, needs=["unit_id", *by], metric=metric)
    fleet = fleet.filter(known("started_at", as_of=as_of))
    spent = scan(repairs, needs=["unit_id"], table="repairs", metric=metric, time="opened_at")
    spent = _with_cost(spent.filter(known("opened_at", as_of=as_of)), metric=metric)
    spent = spent.filter(~nw.col("unit_id").is_null(), ~nw.col("_cost").is_null())
    spent = spent.select("unit_id", _cost=micro(nw.col("_cost")))
    spent = spent.group_by("unit_id").agg(_cost=total("_cost"))
    rows = fleet.select("unit_id", *by, _customer=_customer(fleet, "unit_id"))
    rows = rows.join(spent, on="unit_id", how="left")
    rows = rows.with_columns(_cost=nw.col("_cost").fill_null(0), _cases=nw.lit(1))
    return _per_case(rows, by=by, seed=seed)


def _with_cost(repairs: nw.LazyFrame, *, metric: str) -> nw.LazyFrame:
    """Repairs with ``_cost``: labour plus parts; missing only where both are."""
    have = [c for c in _REPAIR_COSTS if c in repairs.collect_schema().names()]
    if not have:
        raise DataError(
            f'Metric {metric} needs the column "labour_cost" or "part_cost" of table repairs; '
            "neither is there. Map one in sources.yaml, or leave this metric out."
        )
    parts = [nw.col(column).fill_null(0.0) for column in have]
    unknown = nw.all_horizontal(*[nw.col(c).is_null() for c in have], ignore_nulls=True)
    cost = parts[0] if len(parts) == 1 else parts[0] + parts[1]
    return repairs.with_columns(_cost=nw.when(~unknown).then(cost))


def _customer(lazy: nw.LazyFrame, case: str) -> nw.Expr:
    """Who is resampled: the customer, else the unit, else the case itself."""
    have = lazy.collect_schema().names()
    names = list(dict.fromkeys(c for c in ("customer_id", "unit_id", case) if c in have))
    texts = [nw.col(column).cast(nw.String) for column in names]
    return nw.coalesce(*texts) if len(texts) > 1 else texts[0]


def _per_case(rows: nw.LazyFrame, *, by: list[str], seed: int) -> pd.DataFrame:
    """Cost per case of every group, with the interval from customers; ``_cost`` in millionths."""
    customers = rows.group_by(*by, "_customer").agg(_cost=total("_cost"), _cases=total("_cases"))
    whole = {name: nw.col(name).cast(nw.Int64) for name in ("_cost", "_cases")}
    customers = customers.select(*by, **whole)
    products = {
        "_ck": nw.col("_cost") * nw.col("_cases"),
        "_kk": nw.col("_cases") * nw.col("_cases"),
    }
    moments = customers.with_columns(**products, **squares("_cost"))
    names = ("_cost", "_cases", "_ck", "_kk", "_ww", "_wr", "_rr")
    sums = {name: total(name) for name in names}
    frame = collect(reduce(moments, by, n_customers=nw.len(), **sums), sort=by)
    frame = _linearised(_in_units(frame, by=by), by=by)
    customers = customers.select(*by, c=nw.col("_cost") / MICRO, k=nw.col("_cases") * 1.0)
    small = frame["n_customers"] <= RESAMPLED
    return _resampled(frame, customers, by=by, seed=seed) if small.any() else frame


def _in_units(frame: pd.DataFrame, *, by: list[str]) -> pd.DataFrame:
    """Sums over customers of cost ``c`` and cases ``k``, and of their products."""
    return frame[[*by, "n_customers"]].assign(
        c=frame["_cost"] / MICRO,
        k=frame["_cases"].astype("float64"),
        cc=squared(frame),
        ck=frame["_ck"] / MICRO,
        kk=frame["_kk"].astype("float64"),
    )


def _linearised(frame: pd.DataFrame, *, by: list[str]) -> pd.DataFrame:
    """Ratio of sums and its normal interval (Cochran 1977, Sampling Techniques, 6.4)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = frame["c"] / frame["k"]
        squares = frame["cc"] - 2 * mean * frame["ck"] + mean**2 * frame["kk"]
        half = stats.norm.isf(0.025) * np.sqrt(squares.clip(lower=0)) / frame["k"]
    return frame[by].assign(
        n=frame["k"].fillna(0).astype("int64"),
        n_customers=frame["n_customers"],
        cost=frame["c"],
        score=mean,
        score_low=mean - half,
        score_high=mean + half,
    )


def _resampled(
    frame: pd.DataFrame, customers: nw.LazyFrame, *, by: list[str], seed: int
) -> pd.DataFrame:
    """Replace the interval of groups with few customers by the bootstrap's."""
    if by:
        customers = customers.with_columns(_size=nw.len().over(*by))
        customers = customers.filter(nw.col("_size") <= RESAMPLED)
    rows = collect(customers, sort=by)
    # Engines add in different orders: equal to 6 decimals is equal, for the sake of the seed.
    rows = rows.assign(c=rows["c"].round(6)).sort_values([*by, "c", "k"], kind="stable")
    place = frame[by].assign(_row=frame.index).merge(rows, on=by) if by else rows.assign(_row=0)
    for row, group in place.groupby("_row"):
        times = group["k"].to_numpy().round().astype(int)
        values = np.repeat((group["c"] / group["k"]).to_numpy(), times)
        clusters = np.repeat(np.arange(len(group)), times)
        _, low, high = bootstrap_mean(values, clusters=clusters, seed=seed)
        frame.loc[row, ["score_low", "score_high"]] = low, high
    return frame
