"""In which months of the year more is claimed, once the ages of the units are held equal."""

from __future__ import annotations

import numpy as np
import pandas as pd

LEAST_MONTHS = 24  # two of each month of the year, so that one odd month is no season
CLAIMS_OF_ONE = 20.0  # claims that "as usual" is worth in each month of the year


def month_pattern(table: pd.DataFrame, *, by_month: pd.DataFrame, last: int) -> np.ndarray:
    """Twelve factors: claims in months of the year over what the ages of the units let expect.

    Parameters
    ----------
    table : as `service_months.service_months` gives it, of many comparable units
    by_month : ``month`` (number, as the cohorts), ``claims`` of the same units
    last : number of the last complete month

    Returns
    -------
    array of 12, for months whose number is 0, 1, ... modulo 12
        Drawn towards 1 as by 20 further claims of a usual month; all 1 with fewer than 24 months.
    """
    first = int(table["cohort"].min()) + 1 if len(table) else last + 1  # its first month is a part
    months = np.arange(first, last + 1)
    if months.size < LEAST_MONTHS:
        return np.ones(12)
    sums = table.groupby("age")[["at_risk", "claims"]].sum()
    rate = (sums["claims"] / sums["at_risk"]).reindex(range(int(sums.index.max()) + 1)).fillna(0)
    rate = np.append(rate.to_numpy(float), 0.0)
    units = table.groupby("cohort")["units"].first()
    age = months[:, None] - units.index.to_numpy(int)
    usual = [np.where(a >= 0, rate[np.clip(a, 0, rate.size - 1)], 0.0) for a in (age - 1, age)]
    mean = (usual[0] + usual[1]) @ units.to_numpy(float) / 2
    seen = by_month.groupby("month")["claims"].sum().reindex(months, fill_value=0).to_numpy(float)
    place = months % 12
    expected = np.bincount(place, mean, 12) + CLAIMS_OF_ONE
    found = np.bincount(place, seen * mean.sum() / max(seen.sum(), 1.0), 12) + CLAIMS_OF_ONE
    return found / expected
