"""The traceability chain of a cause: which batch, supplier, process, plant and warehouse it has."""

from __future__ import annotations

import numpy as np
import pandas as pd

from aftersales.stats.causes.causes import Causes
from aftersales.stats.causes.search import Key
from aftersales.studies.strata import Study

CHAIN = ("product", "model", "batch", "supplier", "process", "plant", "warehouse", "carrier")
ALL = 0.99  # share from which "all"
APART = 0.95  # share of both from which two values cannot be told apart
COLUMNS = ["cause", "attribute", "value", "share", "of_value", "others", "ratio", "expected", "how"]


def chain(study: Study, causes: Causes, *, rows: pd.DataFrame) -> pd.DataFrame:
    """One row per cause, worst first, and link of the chain.

    Returns ``cause`` (its attribute and value), ``attribute``, ``value`` (the one with most of the
    cause's exposure), ``share`` (of the cause's exposure with that value), ``of_value`` (of the
    value's exposure in the cause), ``others`` (how many other values the cause has), ``ratio`` and
    ``expected`` of the value after the causes, and ``how`` it stands to the cause: "cause" (it is),
    "alias" (cannot be told apart), "shadow" (of it), "one_of" (several in which it is found),
    "alone" (not judged), "worse" (by itself too) or "not_worse". `rows` are those of
    `searched.rows_of`.
    """
    links = [c for c in CHAIN if c in study.cells]
    coded = {c: pd.factorize(study.cells[c]) for c in links} if causes.order else {}
    coded = {c: (code, names) for c, (code, names) in coded.items() if len(names) > 1}
    links = list(coded) if set(coded) - {"product"} else []
    size = study.cells["exposure"].to_numpy()
    found = []
    for key in sorted(causes.order, key=lambda k: -rows.loc[k, "excess"]):
        inside = np.where(causes.mask(key), size, 0.0)
        for link in links:
            value, *shares = _link(coded[link], inside, size)
            row = rows.loc[(link, value)] if (link, value) in rows.index else None
            numbers = (np.nan, np.nan) if row is None else (row["ratio"], row["expected"])
            how = _how(key, (link, value), shares, row)
            found.append((key, link, value, *shares, *numbers, how))
    return pd.DataFrame(found, columns=COLUMNS)


def _link(
    coded: tuple[np.ndarray, pd.Index], inside: np.ndarray, size: np.ndarray
) -> tuple[str, float, float, int]:
    """The value with most of the exposure inside; its shares; how many other values there are."""
    code, names = coded
    known = code >= 0
    mine = np.bincount(code[known], inside[known], len(names))
    whole = np.bincount(code[known], size[known], len(names))
    top = int(mine.argmax())
    share = float(mine[top] / inside.sum()) if inside.sum() else np.nan
    of_value = float(mine[top] / whole[top]) if whole[top] else np.nan
    return str(names[top]), share, of_value, int((mine > 0).sum()) - 1


def _how(key: Key, link: Key, shares: list, row: pd.Series | None) -> str:
    share, of_value, _ = shares
    if link == key:
        return "cause"
    if share >= APART and of_value >= APART:
        return "alias"
    if row is not None and row["shadow_of"] == "=".join(key):
        return "shadow"
    if share < ALL:
        return "one_of"
    if row is None or not np.isfinite(row["ratio"]):
        return "alone"
    return "worse" if row["low"] > 1 else "not_worse"
