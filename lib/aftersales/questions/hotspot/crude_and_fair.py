"""Crude beside adjusted: which hotspots are only mix, and which the mix hides."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from aftersales import words
from aftersales.findings import Finding
from aftersales.questions import naming
from aftersales.studies.places.crude import HIDDEN, MIX, log_shift
from aftersales.studies.places.grid import ALL
from aftersales.words import say, say_n

if TYPE_CHECKING:
    from aftersales.questions.hotspot.result import Hotspot

NAMED = 3  # of the disagreements
MOST_CELLS = 12  # of the figure


def compared_rows(result: Hotspot) -> pd.DataFrame:
    """Whole places and cells that can be judged, crude beside adjusted, with ``place``, ``item``.

    Those that stand out or on which the two ratios disagree come first, then by how far the ratios
    are apart.
    """
    grid = result.grid
    if grid is None or not grid.adjusted or result.cells.empty:
        return pd.DataFrame(columns=["place"])
    label, together = partial(naming.label, result.scope), say("All products together")
    whole = result.whole.assign(item=together, first=0)
    names = result.cells[grid.column].map(lambda c: together if c == ALL else label(grid.column, c))
    rows = pd.concat([whole, result.cells.assign(item=names, first=1)], ignore_index=True)
    rows = rows[~rows["few"].astype(bool)]
    told = rows["contrast"].ne("") | rows["severity"].isin(["act", "watch"])
    apart = log_shift(rows).abs()
    place = [label(grid.row, r) for r in rows[grid.row]]
    order = rows.assign(place=place, apart=apart, rank=~told)
    return order.sort_values(["rank", "apart"], ascending=[True, False], ignore_index=True)


def dots(result: Hotspot) -> pd.DataFrame:
    """Rows of the figure: ``name``, ``ratio``, ``low``, ``high``, ``crude``, ``significant``, and
    the product as ``group``; whole places first, of the cells those worth looking at."""
    rows = compared_rows(result)
    if rows.empty:
        return rows
    whole, cells = rows[rows["first"].eq(0)], rows[rows["first"].eq(1)].head(MOST_CELLS)
    shown = pd.concat([whole, cells]).rename(
        columns={"place": "name", "item": "group", "crude_ratio": "crude"}
    )
    shown["significant"] = shown["severity"].isin(["act", "watch"])
    shown = shown.sort_values(["first", "group", "ratio"], ascending=[True, True, False])
    return shown[["name", "ratio", "low", "high", "crude", "significant", "group"]]


def findings(result: Hotspot) -> list[Finding]:
    """Where raw rates and like-for-like ones disagree, or that they do not."""
    rows = compared_rows(result)
    if rows.empty:
        return []
    found = []
    for kind, sentence in ((MIX, _only_mix), (HIDDEN, _hidden)):
        some = rows[rows["contrast"].eq(kind)]
        if len(some):
            text = sentence(words.listing([_pair(row) for row in some.head(NAMED).itertuples()]))
            metric = result.grid.metric
            found.append(Finding("ok", text, metric=metric, judged=len(some), kind=kind))
    return found or [_agree(result, rows)]


def _pair(row) -> str:
    return say(
        "{place} · {item} (crude {crude}, adjusted {adjusted})",
        place=row.place,
        item=row.item,
        crude=words.times(row.crude_ratio),
        adjusted=words.times(row.ratio),
    )


def _only_mix(names: str) -> str:
    return say(
        "Stands out in raw figures, but like for like no more than by chance: {names}.",
        names=names,
    )


def _hidden(names: str) -> str:
    return say("Hidden in raw figures, and stands out like for like: {names}.", names=names)


def _agree(result: Hotspot, rows: pd.DataFrame) -> Finding:
    shift = log_shift(rows).abs().max()
    widest = float(np.exp(shift)) if np.isfinite(shift) else 1.0
    text = say_n(
        "Raw and like-for-like figures tell the same story in the only comparison.",
        "Raw and like-for-like figures tell the same story in all {n} comparisons; product mix and "
        "age move no ratio by more than {most}.",
        len(rows),
        most=words.percent(widest - 1, decimals=0),
    )
    return Finding("ok", text, metric=result.grid.metric, kind="contrast")
