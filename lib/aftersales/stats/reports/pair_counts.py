"""How many reports name a product and an event together, and how many would by chance?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from aftersales.errors import DataError, RequestError, nearest
from aftersales.stats import inputs
from aftersales.stats.counts.levels import Levels

COLUMNS = ["product", "event", "count", "expected", "of_product", "of_event", "of_all"]


def pair_counts(
    reports: pd.DataFrame,
    *,
    product: str,
    event: str,
    report: str | None = None,
    count: str | None = None,
    strata: Sequence[str] = (),
    zeros: bool = False,
) -> pd.DataFrame:
    """Reports of each pair of product and event, and those expected if both were unrelated.

    Parameters
    ----------
    reports : one row per report and named pair; rows without product or event are left out
    report : column of report numbers; a report that names several products or events has a row
        for each pair, and one that names a pair twice counts once. None: each row is a report
    count : column with the number of reports a row stands for; not together with `report`
    strata : columns within which products and events are unrelated; a missing value is a stratum
    zeros : also the pairs that no report names

    Returns
    -------
    DataFrame, one row per pair, by product and event
        ``product``, ``event``, ``count`` (reports with both), ``expected`` (reports with the
        product times those with the event over all, added over strata), ``of_product``,
        ``of_event``, ``of_all`` (reports with the product, with the event, in all).
    """
    kept = _kept(reports, product, event, report, count, strata)
    levels = Levels(kept)
    (a, products), (b, events) = levels.codes(product), levels.codes(event)
    stratum = levels.strata(list(strata))
    weight = np.ones(len(kept)) if count is None else kept[count].to_numpy(float)
    number = None if report is None else pd.factorize(kept[report])[0].astype(np.int64)
    wide, tall = len(products), len(events)
    pair = _reports(a * tall + b, number, weight, wide * tall if zeros else None)
    by_product = _reports(stratum.code * wide + a, number, weight, stratum.size * wide)[1]
    by_event = _reports(stratum.code * tall + b, number, weight, stratum.size * tall)[1]
    whole = _reports(stratum.code, number, weight, stratum.size)[1]
    at, found = pair
    one, other = at // tall, at % tall
    shares = by_product.reshape(stratum.size, wide), by_event.reshape(stratum.size, tall)
    expected = np.zeros(at.size)
    for k in range(stratum.size):
        expected += shares[0][k][one] * shares[1][k][other] / max(whole[k], 1e-300)
    return pd.DataFrame(
        {
            "product": products[one],
            "event": events[other],
            "count": found,
            "expected": expected,
            "of_product": shares[0].sum(axis=0)[one],
            "of_event": shares[1].sum(axis=0)[other],
            "of_all": whole.sum(),
        }
    )


def _kept(
    reports: pd.DataFrame,
    product: str,
    event: str,
    report: str | None,
    count: str | None,
    strata: Sequence[str],
) -> pd.DataFrame:
    wanted = [product, event, *strata, *[c for c in (report, count) if c]]
    for column in wanted:
        if column not in reports.columns:
            raise RequestError(f'There is no column "{column}"; {nearest(column, reports.columns)}')
    if report and count:
        raise RequestError("Give `report` or `count`, not both: counts cannot be told apart.")
    if count:
        inputs.counts(reports[count], name=count)
    kept = reports.dropna(subset=[product, event, *([report] if report else [])])
    if report and strata:
        several = kept[[report, *strata]].drop_duplicates()[report].duplicated().sum()
        if several:
            raise DataError(
                f"{several} reports lie in more than one stratum; give each report one value of "
                f"{', '.join(strata)}."
            )
    return kept


def _reports(
    key: np.ndarray, number: np.ndarray | None, weight: np.ndarray, size: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Keys, and the number of distinct reports of each; all keys below `size`, or those found."""
    if number is not None:
        many = int(number.max(initial=0)) + 1
        flat = pd.unique(key.astype(np.int64) * many + number)
        key, weight = flat // many, np.ones(flat.size)
    if size is not None:
        return np.arange(size), np.bincount(key, weights=weight, minlength=size)
    found, at = np.unique(key, return_inverse=True)
    sums = np.bincount(at.reshape(-1), weights=weight)
    return found[sums > 0], sums[sums > 0]
