"""The checks of each cause, in words, and the grade of its evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from aftersales.stats.causes.causes import Causes
from aftersales.stats.causes.pitfalls import FLAGS, pitfalls
from aftersales.stats.causes.search import LARGEST_RATIO, Key, Where
from aftersales.stats.like.mix_shift import mix_shifts
from aftersales.studies.strata import AGE_EDGES, Study
from aftersales.studies.verdict import STABLE_EXPECTED

LAST_BAND = 12.0  # months by which the middle of the oldest band lies above its edge
MIDDLE = {
    edge: (edge + after) / 2
    for edge, after in zip(AGE_EDGES, [*AGE_EDGES[1:], AGE_EDGES[-1] + 2 * LAST_BAND], strict=True)
}
YOUNG_MONTHS = 6  # exposure younger than this is called young
YOUNG_SHARE = 0.5  # share of young exposure from which a value is called young
SURELY = 2.0  # lower limit of the ratio that makes up for few expected cases
LEAST_GAP = 0.02  # between the missing shares of cases and exposure, from which it can mislead
COMPARED = 0.5  # share of a cause's exposure that must have something to be compared with
DOUBTS = {
    "heterogeneity",
    "alias",
    "young",
    "few",
    "lonely",
}  # the direction is sure, the size is not
FATAL = {"reversal", "vanishing", "missing_not_at_random", "chance"}
NUMBERS = [
    *("differs_p", "differs_by", "lowest", "lowest_ratio", "highest", "highest_ratio"),
    *("age_own", "age_rest", "compared_share"),
    *("missing_cases", "missing_at_risk", "share_before", "share_now"),
    *("mix_shift", "judged", "p_any"),
]
COLUMNS = ["attribute", "value", *NUMBERS, "young", "young_rest", "flags", "evidence"]


def check_table(
    study: Study,
    causes: Causes,
    *,
    rows: pd.DataFrame,
    lacks: pd.DataFrame,
    judged: int,
    before: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """One row per cause of a study, indexed by attribute and value.

    Parameters
    ----------
    rows : every value as a row of comparison, see `searched.rows_of`
    lacks : what is missing, see `searched.missing`
    judged : number of values judged in the whole report
    before : the cells of the window before, see `searched.window_before`

    Returns
    -------
    DataFrame
        The numbers of `stats.causes.pitfalls` behind the five checks; ``young`` and ``young_rest``
        (share of exposure younger than 6 months, its own and of the rest), ``flags`` (names of what
        is in doubt) and ``evidence`` (see `grade`).
    """
    parts: dict[tuple, list[Key]] = {}
    for key in causes.order:
        parts.setdefault(causes.parts.get(key, ()), []).append(key)
    found: list[dict] = []
    for keys in parts.values():
        numbers = _pitfalls(study, causes, keys, rows, judged)
        for key, row in zip(keys, numbers.to_dict("records"), strict=True):
            inside = causes.mask(key)
            row |= {"attribute": key[0], "value": key[1]}
            row |= {"young": _young(study.cells, inside)}
            row |= {"young_rest": _young(study.cells, ~inside)}
            row |= _mix(study, causes, key, before)
            row |= {f"missing_{k}": lacks.loc[key[0], k] for k in ("cases", "at_risk")}
            row["flags"] = _flags({f for f in FLAGS if row[f]}, row, rows.loc[key])
            row["evidence"] = grade(row["flags"])
            found.append(row)
    return pd.DataFrame(found, columns=COLUMNS).set_index(["attribute", "value"])


def _pitfalls(
    study: Study, causes: Causes, keys: list[Key], rows: pd.DataFrame, judged: int
) -> pd.DataFrame:
    """The numbers of causes that act in the same part of the cells, compared inside that part."""
    part = causes.search.part(keys[0])
    others = {k: _ratio(rows.loc[k]) for k in causes.order if k not in keys}
    cells = study.cells.assign(exposure=causes.search.explained(others))
    cells = _aged(cells if part.all() else cells[part])
    return pitfalls(
        cells,
        causes=[{attribute: value} for attribute, value in keys],
        count="count",
        exposure="exposure",
        strata=study.strata,
        effects=[_ratio(rows.loc[k]) for k in keys],
        dispersion=causes.dispersion,
        age="age" if "age" in cells else None,
        judged=judged,
    ).table


def _mix(study: Study, causes: Causes, key: Key, before: pd.DataFrame | None) -> dict[str, object]:
    """Its share of all exposure before and now, and whether its own rise is mix; {} if unknown."""
    held = [c for c in study.strata[key[0]] if c != "month"]
    if before is None or not {key[0], *held} <= set(before):
        return {}
    mine = before[key[0]].astype(str).eq(key[1]).to_numpy()
    mine = mine & _in_part(before, causes.parts.get(key, ()))
    inside = causes.mask(key)
    found = mix_shifts(
        before[mine],
        study.cells[inside],
        groups=[({}, held)],
        count="count",
        exposure="exposure",
    ).iloc[0]
    sizes = [(before["exposure"], mine), (study.cells["exposure"], inside)]
    shares = [float(size.to_numpy()[rows].sum() / size.sum()) for size, rows in sizes]
    return {"mix_shift": found["mix_shift"], "share_before": shares[0], "share_now": shares[1]}


def _in_part(cells: pd.DataFrame, wheres: Sequence[Where]) -> np.ndarray:
    inside = np.ones(len(cells), dtype=bool)
    for where in wheres:
        inside &= cells[where.attribute].astype(str).isin(where.values).to_numpy() == where.inside
    return inside


def _aged(cells: pd.DataFrame) -> pd.DataFrame:
    """Ages as the middle of their band instead of its lower edge, so that their mean is one."""
    return cells.assign(age=cells["age"].map(MIDDLE)) if "age" in cells else cells


def _ratio(row: pd.Series) -> float:
    return float(min(row["ratio"], LARGEST_RATIO))


def _flags(raised: set[str], row: Mapping, found: pd.Series) -> tuple[str, ...]:
    """What is in doubt about a cause. Unequal exposure counts only where age is not the same."""
    flags = raised & (DOUBTS | FATAL)
    gap = abs(row["missing_cases"] - row["missing_at_risk"])
    if "missing_not_at_random" in flags and gap < LEAST_GAP:
        flags = flags - {"missing_not_at_random"} | {"lonely"}  # cases in cells without exposure
    if is_young(row["young"], row["young_rest"]):
        flags.add("young")
    thin = found["expected"] < STABLE_EXPECTED and not found["low"] >= SURELY
    if found["cases"] < STABLE_EXPECTED or thin:
        flags.add("few")
    if row["compared_share"] < COMPARED:
        flags.add("lonely")
    return tuple(sorted(flags))


def grade(flags: Sequence[str]) -> str:
    """A: adjusted and nothing in doubt. B: one doubt about the size. C: more, or the direction.

    About the size: the ratio is not the same everywhere, its units are young, cases are few,
    another value cannot be told apart, or most of its units have nothing to be compared with.
    About the direction: crude and adjusted contradict each other, the attribute is filled in only
    for failures, or chance would do.

    >>> grade([]), grade(["few"]), grade(["few", "young"]), grade(["reversal"])
    ('A', 'B', 'C', 'C')
    """
    raised = set(flags)
    if raised & FATAL or len(raised) > 1:
        return "C"
    return "B" if raised else "A"


def is_young(share: float, rest: float) -> bool:
    """Whether most exposure of a value is young, and much more than that of the rest."""
    return bool(share > YOUNG_SHARE and share > 2 * rest)


def too_young(study: Study, causes: Causes) -> list[str]:
    """The batches that are not judged and whose exposure is mostly young: wait for them.

    Values of other attributes are not young but rare.
    """
    if "age" not in study.cells or "batch" not in study.strata:
        return []
    table = causes.table[causes.table["attribute"].eq("batch") & causes.table["few"]]
    cells = study.cells[study.cells["batch"].notna()]
    names = cells["batch"].astype(str)
    size = cells["exposure"].groupby(names).sum()
    young = cells["exposure"].where(cells["age"] < YOUNG_MONTHS, 0.0).groupby(names).sum()
    early = set(size.index[(size > 0) & (young > YOUNG_SHARE * size)])
    return [value for value in table["value"] if value in early]


def _young(cells: pd.DataFrame, rows: np.ndarray) -> float:
    if "age" not in cells:
        return np.nan
    size = cells["exposure"].to_numpy()[rows]
    early = cells["age"].to_numpy()[rows] < YOUNG_MONTHS
    return float(size[early].sum() / size.sum()) if size.sum() else np.nan
