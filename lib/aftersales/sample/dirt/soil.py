"""Dirt for the sample's raw tables: what real exports have, in known numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aftersales.sample.dirt.personal import FULL_WIDTH

Columns = dict[str, np.ndarray]  # source column -> values, all of one length


def soil(
    columns: Columns, spots: Sequence[Mapping[str, Any]], *, rng: np.random.Generator
) -> tuple[Columns, dict[str, int]]:
    """The table with dirt in `share` of its rows per spot, and how many rows each kind got.

    A spot is a line of ``dirt`` in `company.yaml`. No row gets two kinds, so that cleaning can be
    asked for exact numbers. Copies go to the end of the table.
    """
    columns = {name: values.copy() for name, values in columns.items()}
    size = len(next(iter(columns.values())))
    rows = rng.permutation(size)
    counts: dict[str, int] = {}
    copies: list[Columns] = []
    for spot in spots:
        many = min(round(size * spot["share"] + rng.random() * 0.5), len(rows))
        chosen, rows = np.sort(rows[:many]), rows[many:]
        if spot["kind"] == "reused_id":  # the id of the row above, which then stays as it is
            chosen = chosen[(chosen > 0) & ~np.isin(chosen - 1, chosen)]
            chosen = chosen[np.isin(chosen - 1, rows)]
            rows = rows[~np.isin(rows, chosen - 1)]
        if spot["kind"] in ("exact_duplicate", "new_id_copy"):
            copies.append(_copy(columns, chosen, spot))
        elif (
            spot["kind"] != "broken_record"
        ):  # those are lines of their own, torn off by the writer
            _spoil(columns, chosen, spot, rng=rng)
        counts[spot["kind"]] = counts.get(spot["kind"], 0) + len(chosen)
    parts = [columns, *copies]
    return {name: np.concatenate([part[name] for part in parts]) for name in columns}, counts


def _copy(columns: Columns, chosen: np.ndarray, spot: Mapping[str, Any]) -> Columns:
    copied = {name: values[chosen] for name, values in columns.items()}
    if spot["kind"] == "new_id_copy":
        copied[spot["column"]] = copied[spot["column"]] + "R"
    return copied


def _spoil(
    columns: Columns, chosen: np.ndarray, spot: Mapping[str, Any], *, rng: np.random.Generator
) -> None:
    values = columns[spot["column"]]
    if spot["kind"] == "full_width":
        values[chosen] = [str(v).translate(FULL_WIDTH) if v else v for v in values[chosen]]
    elif spot["kind"] == "reused_id":
        values[chosen] = values[chosen - 1]
    elif len(chosen):
        drawn = rng.integers(0, len(spot["values"]), len(chosen))
        values[chosen] = np.array(spot["values"], dtype=values.dtype)[drawn]
