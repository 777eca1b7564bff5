"""The traceability chain of a cause: which batch, supplier, process, plant and warehouse it has."""

from __future__ import annotations

import numpy as np
import pandas as pd

from aftersales import words
from aftersales.questions import naming
from aftersales.questions.root_cause.names import cause_name
from aftersales.stats.causes.causes import Causes
from aftersales.stats.causes.search import Key
from aftersales.studies.scope import Scope
from aftersales.studies.strata import Study
from aftersales.words import say
from aftersales.words.attributes import attribute

CHAIN = ("product", "model", "batch", "supplier", "process", "plant", "warehouse", "carrier")
HARDLY_ANY = 0.5  # expected cases below which a ratio is a play with small numbers
ALL = 0.99  # share from which "all"
APART = 0.95  # share of both from which two values cannot be told apart
COLUMNS = ["cause", "attribute", "value", "share", "of_value", "adjusted", "note"]


def chain_table(scope: Scope, study: Study, causes: Causes) -> pd.DataFrame:
    """One row per cause, worst first, and link of the chain.

    Returns ``cause`` and ``attribute`` (words), ``value`` (the one with most of the cause's
    exposure), ``share`` (of the cause's exposure with that value), ``of_value`` (of the value's
    exposure in the cause), ``adjusted`` (ratio of the value after the causes) and ``note``:
    whether it is the cause, cannot be told apart from it, carries it as a shadow, or is one of
    several in which the cause is found.
    """
    ratios = causes.table.set_index(["attribute", "value"])
    links = [c for c in CHAIN if c in study.cells]
    coded = {c: pd.factorize(study.cells[c]) for c in links} if causes.order else {}
    coded = {c: (code, names) for c, (code, names) in coded.items() if len(names) > 1}
    links = list(coded) if set(coded) - {"product"} else []
    rows = []
    excess = ratios["excess"].to_dict()
    for key in sorted(causes.order, key=lambda k: -excess[k]):
        name = cause_name(scope, key, causes.parts.get(key, ()))
        size = study.cells["exposure"].to_numpy()
        inside = np.where(causes.mask(key), size, 0.0)
        for link in links:
            value, share, of_value, others = _link(coded[link], inside, size)
            found = ratios.loc[(link, value)] if (link, value) in ratios.index else None
            adjusted = _shown(found)
            row = (name, attribute(link), naming.label(scope, link, value), share, of_value)
            note = _note(scope, key, (link, value), (share, of_value, others), found)
            rows.append((*row, adjusted, note))
    return pd.DataFrame(rows, columns=COLUMNS)


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


def _shown(found: pd.Series | None) -> float:
    """The ratio of a value; NaN where comparable units have hardly any case to divide by."""
    known = found is not None and found["expected"] >= HARDLY_ANY
    return float(found["ratio"]) if known else np.nan


def _note(scope: Scope, key: Key, link: Key, shares: tuple, found: pd.Series | None) -> str:
    share, of_value, others = shares
    if link == key:
        return say("The cause.")
    if share >= APART and of_value >= APART:
        return say("Cannot be told apart in these data.")
    if found is not None and found["shadow_of"] == "=".join(key):
        return say("Shadow: not worse without it.")
    if share < ALL:
        return say("One of {n} in which it is found.", n=words.count(others + 1))
    if found is None or not np.isfinite(found["ratio"]):
        return say("All of it is here.")
    if found["low"] > 1:
        return say("Worse by itself too.")
    ratio = words.number(found["ratio"], digits=2)
    return say("Not worse without it ({ratio}).", ratio=ratio)
