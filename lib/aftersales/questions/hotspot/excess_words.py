"""What the hotspots of a report hold together: cases beyond the expected, and their price."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from aftersales import words
from aftersales.findings import Finding
from aftersales.stats.like.mantel_haenszel import Z95
from aftersales.words import say, say_n

if TYPE_CHECKING:
    from aftersales.questions.hotspot.result import Hotspot


def findings(result: Hotspot) -> list[Finding]:
    """What the hotspots hold together beyond the expected, and its price."""
    cells = result.cells
    if cells.empty or not result.grid.adjusted:
        return []
    hot = cells[cells["severity"].isin(["act", "watch"])]
    if hot.empty:
        return []
    excess, error = excess_of(hot)
    values = {
        "excess": words.count(excess),
        "low": words.count(max(0.0, excess - Z95 * error)),
        "high": words.count(excess + Z95 * error),
        "share": words.percent(excess / cells["count"].sum(), decimals=0),
    }
    cost = float(hot["cost"].sum()) if hot["cost"].notna().any() else None
    text = say_n(
        "The hotspot holds {excess} cases beyond the expected (95 % interval {low}–{high}), "
        "{share} of all cases here.",
        "The {n} hotspots together hold {excess} cases beyond the expected (95 % interval "
        "{low}–{high}), {share} of all cases here.",
        len(hot),
        **values,
    )
    if cost:
        money = words.money(cost, result.scope.profile.currency)
        price = say("At the mean cost of a fault here that is {money}.", money=money)
        text = words.sentences(text, price)
    return [
        Finding(
            "ok",
            text,
            metric=result.grid.metric,
            excess=excess,
            cost=cost,
            evidence="B",
            kind="total",
        )
    ]


def excess_of(cells: pd.DataFrame) -> tuple[float, float]:
    """Cases beyond the expected in all cells, and its standard error.

    A count varies by its dispersion, an expectation by the cases of the others it stands on.
    """
    excess = float((cells["compared"] - cells["expected"]).sum())
    others = cells["others"].where(cells["others"] > 0)
    variance = cells["compared"] * cells["dispersion"].clip(lower=1)
    return excess, float(np.sqrt((variance + (cells["expected"] ** 2 / others).fillna(0)).sum()))
