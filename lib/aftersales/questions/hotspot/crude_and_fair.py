"""Crude beside adjusted: which hotspots are only mix, and which the mix hides."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from aftersales import words
from aftersales.findings import Finding
from aftersales.questions import naming
from aftersales.questions.hotspot.facts import Facts
from aftersales.studies.places.crude import HIDDEN, MIX, log_shift
from aftersales.studies.places.grid import ALL
from aftersales.studies.verdict import URGENT
from aftersales.words import N_, say, say_n

NAMED = 3  # of the disagreements
_SENTENCES = {
    MIX: N_("Stands out in raw figures, but like for like no more than by chance: {names}."),
    HIDDEN: N_("Hidden in raw figures, and stands out like for like: {names}."),
}


def compared_rows(facts: Facts) -> pd.DataFrame:
    """Whole places and cells that can be judged, crude beside adjusted, with ``place``, ``item``.

    Those that stand out or on which the two ratios disagree come first, then by how far the ratios
    are apart.
    """
    grid = facts.grid
    if grid is None or not grid.adjusted or facts.cells.empty:
        return pd.DataFrame(columns=["place"])
    label, together = partial(naming.label, facts.scope), say("All products together")
    whole = facts.whole.assign(item=together, first=0)
    names = facts.cells[grid.column].map(lambda c: together if c == ALL else label(grid.column, c))
    rows = pd.concat([whole, facts.cells.assign(item=names, first=1)], ignore_index=True)
    rows = rows[~rows["few"].astype(bool)]
    told = rows["contrast"].ne("") | rows["severity"].isin(URGENT)
    place = [label(grid.row, r) for r in rows[grid.row]]
    order = rows.assign(place=place, apart=log_shift(rows).abs(), rank=~told)
    return order.sort_values(["rank", "apart"], ascending=[True, False], ignore_index=True)


def findings(facts: Facts) -> list[Finding]:
    """Where raw rates and like-for-like ones disagree, or that they do not."""
    rows = compared_rows(facts)
    if rows.empty:
        return []
    metric, found = facts.grid.metric, []
    for kind, sentence in _SENTENCES.items():
        some = rows[rows["contrast"].eq(kind)]
        if len(some):
            names = words.listing([_pair(row) for row in some.head(NAMED).itertuples()])
            text = say(sentence, names=names)
            found.append(Finding("ok", text, metric=metric, judged=len(some), kind=kind))
    return found or [Finding("ok", _agree(rows), metric=metric, kind="contrast")]


def _pair(row: Any) -> str:
    return say(
        "{place} · {item} (crude {crude}, adjusted {adjusted})",
        place=row.place,
        item=row.item,
        crude=words.times(row.crude_ratio),
        adjusted=words.times(row.ratio),
    )


def _agree(rows: pd.DataFrame) -> str:
    shift = log_shift(rows).abs().max()
    widest = float(np.exp(shift)) if np.isfinite(shift) else 1.0
    return say_n(
        "Raw and like-for-like figures tell the same story in the only comparison.",
        "Raw and like-for-like figures tell the same story in all {n} comparisons; product mix and "
        "age move no ratio by more than {most}.",
        len(rows),
        most=words.percent(widest - 1, decimals=0),
    )
