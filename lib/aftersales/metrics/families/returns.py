"""What comes back: returns by the cohort in which the goods were delivered."""

from __future__ import annotations

from datetime import timedelta

import narwhals as nw
import pandas as pd
from narwhals.typing import IntoFrame

from aftersales.metrics.counting.engines import collect, known, matured, scan


def return_rate(
    returns: IntoFrame,
    *,
    sales: IntoFrame,
    by: list[str],
    as_of: pd.Timestamp,
    window_days: int = 30,
    delivered: str = "delivered_at",
    kinds: tuple[str, ...] | None = None,
) -> pd.DataFrame:
    """Share of delivered order lines sent back within `window_days` of delivery.

    A line counts once, by its first request, however many pieces or requests it has. Lines
    whose window is still open at `as_of` are left out, returned or not; so are returns that
    name no order line, since they belong to no cohort.

    Parameters
    ----------
    returns : one row per return; needs ``order_line_id``, ``requested_at``, and ``kind`` if
        `kinds` is given
    sales : one row per order line; needs ``order_line_id``, the column `delivered` and those
        in `by`; "month" in `by` is the month of delivery
    delivered : when the window starts
    kinds : count only these, e.g. ``("return",)``; None counts returns and exchanges

    Returns
    -------
    DataFrame, one row per group
        ``n`` order lines judged, ``n_returned``, ``rate``, 95 % Wilson interval, and ``mature``,
        the share of delivered lines that are old enough to judge.

    Examples
    --------
    >>> sales = pd.DataFrame({"order_line_id": ["a", "b", "c"], "product": ["tv"] * 3,
    ...     "delivered_at": pd.to_datetime(["2024-01-01", "2024-01-05", "2024-03-20"])})
    >>> returns = pd.DataFrame({"order_line_id": ["a"],
    ...     "requested_at": pd.to_datetime(["2024-01-20"])})
    >>> return_rate(
    ...     returns, sales=sales, by=["product"], as_of=pd.Timestamp("2024-03-31")
    ... ).round(2)
      product  n  n_returned  rate  rate_low  rate_high  mature
    0      tv  2           1   0.5      0.09       0.91    0.67
    """
    window, metric = timedelta(days=window_days), "return_rate"
    lines = scan(sales, needs=["order_line_id", *by], table="orders", metric=metric, time=delivered)
    lines = lines.filter(known(delivered, as_of=as_of))
    lines = lines.select("order_line_id", *by, _start=nw.col(delivered))
    first = _first_request(returns, as_of=as_of, kinds=kinds)
    both = lines.join(first, on="order_line_id", how="left")
    mature = nw.col("_start") <= pd.Timestamp(as_of) - window
    back = nw.col("_requested") <= nw.col("_start") + window
    return matured(both, by=by, mature=mature, hit=back, count="n_returned")


def _first_request(
    returns: IntoFrame, *, as_of: pd.Timestamp, kinds: tuple[str, ...] | None
) -> nw.LazyFrame:
    """One row per order line that came back, with the time of its first request."""
    needs = ["order_line_id", "requested_at", *(["kind"] if kinds else [])]
    lazy = scan(returns, needs=needs, table="returns", metric="return_rate")
    lazy = lazy.filter(known("requested_at", as_of=as_of), ~nw.col("order_line_id").is_null())
    if kinds:
        lazy = lazy.filter(nw.col("kind").is_in(list(kinds)))
    return lazy.group_by("order_line_id").agg(_requested=nw.col("requested_at").min())


def orders_by_customer(
    orders: IntoFrame,
    *,
    returns: IntoFrame | None,
    since: pd.Timestamp,
    as_of: pd.Timestamp,
    returned_by: pd.Timestamp,
) -> pd.DataFrame:
    """What each customer ordered from `since` to `as_of`, and how much of it came back.

    Parameters
    ----------
    orders : one row per order line; needs ``customer_id``, ``ordered_at``, ``amount``,
        ``order_line_id``; ``order_id`` where lines belong together
    returns : one row per return; needs ``order_line_id``, ``requested_at``; None where unknown
    returned_by : returns requested after this day are not known yet

    Returns
    -------
    DataFrame, one row per customer
        ``customer_id``, ``last`` order, number of ``orders``, ``amount``, and with `returns`
        ``returned`` (order lines that came back; missing where none did).
    """
    lazy = scan(orders, needs=["customer_id", "amount"], table="orders", time="ordered_at")
    lazy = lazy.filter(
        known("ordered_at", as_of=as_of),
        nw.col("ordered_at") >= since,
        ~nw.col("customer_id").is_null(),
    )
    order = "order_id" if "order_id" in lazy.collect_schema().names() else "order_line_id"
    sums = lazy.group_by("customer_id").agg(
        last=nw.col("ordered_at").max(),
        orders=nw.col(order).n_unique(),
        amount=nw.col("amount").sum(),
    )
    if returns is not None:
        back = scan(returns, needs=["order_line_id"], table="returns", time="requested_at")
        back = back.filter(known("requested_at", as_of=returned_by))
        back = back.select("order_line_id").unique()
        lines = lazy.select("order_line_id", "customer_id").join(back, on="order_line_id")
        hits = lines.group_by("customer_id").agg(returned=nw.len())
        sums = sums.join(hits, on="customer_id", how="left")
    return collect(sums, sort=["customer_id"])
