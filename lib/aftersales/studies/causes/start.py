"""What a search for causes starts from: a rise, a hotspot, or what the reader chose."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from aftersales.errors import RequestError, nearest
from aftersales.stats.causes.causes import Causes
from aftersales.stats.causes.search import Key
from aftersales.stats.counts.more_than_expected import excess_ratio
from aftersales.stats.counts.multiplicity import benjamini_hochberg
from aftersales.stats.like.mix_shift import mix_of
from aftersales.studies.strata import Study
from aftersales.studies.verdict import ACT_P, ACT_Q

LEAST_RATIO = 1.2  # and to be started from, as sure as what is acted on (ACT_Q, ACT_P)
MIXED = ("product", "model", "age", "region")  # whose mix can make a rate rise
_NAMES = {"count": "cases", "exposure": "at_risk"}  # cells -> rows of comparison
LEAST_BEFORE = 10.0  # cases in the window before, below which a rise is not looked for


@dataclass(frozen=True)
class Start:
    """What has too many cases: observed and expected, and how much of that each cause explains.

    `kind` is "rise" (against its own rate in the window before), "hotspot" (against the rate of
    the other regions) or "chosen". `parts` has one row per cause, and one for the rest: ``cause``
    (None for the rest), ``cases``, ``excess`` (they add up to that of the start), ``share``.
    """

    kind: Literal["rise", "hotspot", "chosen"]
    metric: str
    subject: Mapping[str, str]
    cases: float
    expected: float
    ratio: float
    low: float
    high: float
    p: float
    parts: pd.DataFrame = dataclasses.field(default_factory=pd.DataFrame)
    mix: float = np.nan  # share of a rise that a change of mix alone gives

    @property
    def excess(self) -> float:
        return self.cases - self.expected


def parse_focus(focus: str, *, studies: Sequence[Study]) -> dict[str, str]:
    """Attribute -> value from text such as ``product=washer, region=CN-44``; {} for "".

    An attribute that no study has, or a value that none of its rows has, is a RequestError.
    """
    chosen: dict[str, str] = {}
    for part in filter(None, (p.strip() for p in focus.split(","))):
        name, sign, value = (x.strip() for x in part.partition("="))
        if not sign or not value or name in chosen:
            raise RequestError(
                f'focus "{focus}" is not of the form attribute=value, attribute=value, each '
                'attribute once; write for instance "product=washer".'
            )
        values = _values(name, studies)
        if value not in values:
            raise RequestError(
                f'focus "{focus}": there is no {name} "{value}"; {nearest(value, values)}'
            )
        chosen[name] = value
    return chosen


def _values(name: str, studies: Sequence[Study]) -> list[str]:
    """Values of an attribute in the studies that have it."""
    known = sorted({c for s in studies for c in ("product", *s.strata) if c in s.cells})
    if name not in known:
        raise RequestError(f'focus: there is no attribute "{name}"; {nearest(name, known)}')
    found: set[str] = set()
    for study in studies:
        if name in study.cells:
            found |= set(study.cells[name].dropna().astype(str).unique())
    return sorted(found)


def focused(studies: Sequence[Study], chosen: Mapping[str, str]) -> list[Study]:
    """The studies with the chosen rows only; those that lack a chosen attribute are left out."""
    kept = []
    for study in studies:
        if all(name in study.cells for name in chosen):
            cells = study.cells[_rows(study.cells, chosen)].reset_index(drop=True)
            kept.append(dataclasses.replace(study, cells=cells))
    return [s for s in kept if s.cells["count"].sum() > 0]


def find_start(
    study: Study, before: pd.DataFrame | None, *, chosen: Mapping[str, str]
) -> Start | None:
    """The worst rise or hotspot among products and child regions, or the one chosen.

    Rises compare with the rate in the window `before` (its cells, or None), hotspots with the rate
    of the same product in the other child regions. None where nothing stands out.
    """
    keys = [c for c in ("product", "region") if c in study.cells]
    if not keys or (chosen and not set(chosen) <= set(keys)):
        return _chosen_alone(study, chosen) if chosen else None
    now = study.cells.groupby(keys, as_index=False, observed=True)[["count", "exposure"]].sum()
    now = now.rename(columns=_NAMES)
    past = before if before is not None and set(keys) <= set(before) else None
    tables = [_rises(now, past, by) for by in _subsets(keys)] if past is not None else []
    if chosen:
        return _one(tables, study.metric, chosen) or _chosen_alone(study, chosen)
    tables += [_hotspots(now)] if len(keys) == 2 else []
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    return _worst(table, study.metric, keys) if len(table) else None


def _subsets(keys: Sequence[str]) -> list[list[str]]:
    singles = [[k] for k in keys]
    return [*singles, list(keys)] if len(keys) > 1 else singles


def _rises(now: pd.DataFrame, before: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    past = before.rename(columns=_NAMES)
    sums = [t.groupby(by)[["cases", "at_risk"]].sum() for t in (now, past)]
    both = sums[0].merge(sums[1], left_index=True, right_index=True, suffixes=("", "_before"))
    both = both[(both["cases_before"] >= LEAST_BEFORE) & (both["at_risk_before"] > 0)]
    rate = both["cases_before"] / both["at_risk_before"]
    table = both.assign(expected=both["at_risk"] * rate, kind="rise").reset_index()
    return _tested(table, 1 / table["cases_before"])


def _hotspots(now: pd.DataFrame) -> pd.DataFrame:
    whole = now.groupby("product")[["cases", "at_risk"]].transform("sum")
    others, rest = whole["cases"] - now["cases"], whole["at_risk"] - now["at_risk"]
    known = (others >= LEAST_BEFORE) & (rest > 0)
    table = now[known].assign(expected=(now["at_risk"] * others / rest)[known], kind="hotspot")
    return _tested(table, 1 / others[known])


def _tested(table: pd.DataFrame, variance: pd.Series) -> pd.DataFrame:
    if table.empty:
        return table
    test = excess_ratio(
        table["cases"].to_numpy(), table["expected"].to_numpy(), variance=variance.to_numpy()
    )
    return table.assign(ratio=test.ratio, low=test.low, high=test.high, p=test.p)


def _worst(table: pd.DataFrame, metric: str, keys: list[str]) -> Start | None:
    q = benjamini_hochberg(table["p"].to_numpy())
    sure = (q <= ACT_Q) & (table["p"] <= ACT_P) & (table["ratio"] >= LEAST_RATIO)
    found = table[sure]
    if found.empty:
        return None
    row = found.loc[(found["cases"] - found["expected"]).idxmax()]
    subject = {k: str(row[k]) for k in keys if k in row and pd.notna(row[k])}
    return _start(row, row["kind"], metric, subject)


def _one(tables: list[pd.DataFrame], metric: str, chosen: Mapping[str, str]) -> Start | None:
    """The row of a rise table that is about the chosen subject."""
    for table in tables:
        if set(chosen) == {k for k in ("product", "region") if k in table}:
            rows = table[_rows(table, chosen)]
            if len(rows):
                return _start(rows.iloc[0], "chosen", metric, chosen)
    return None


def _start(row: pd.Series, kind: str, metric: str, subject: Mapping[str, str]) -> Start:
    numbers = {k: float(row[k]) for k in ("expected", "ratio", "low", "high", "p")}
    return Start(kind, metric, dict(subject), cases=float(row["cases"]), **numbers)


def _chosen_alone(study: Study, chosen: Mapping[str, str]) -> Start:
    """What was chosen, where nothing is known of its past."""
    unknown = dict.fromkeys(("expected", "ratio", "low", "high", "p"), np.nan)
    return Start(
        "chosen", study.metric, dict(chosen), cases=float(study.cells["count"].sum()), **unknown
    )


def with_parts(
    start: Start,
    study: Study,
    causes: Causes,
    *,
    rows: pd.DataFrame,
    before: pd.DataFrame | None,
) -> Start:
    """The start with the cases beyond the expected rate shared out among the causes.

    A cause has its cases beyond the expected rate, and no more than all it has beyond comparable
    units; a case in two causes counts for the stronger one. The rest is what no cause explains,
    and may be negative. `mix` is the part of a rise that comes from another mix of
    models, ages and regions alone. `rows` are those of `searched.rows_of`.
    """
    cells = study.cells
    inside = _rows(cells, start.subject)
    y, n = cells["count"].to_numpy(float), cells["exposure"].to_numpy(float)
    rate = start.expected / n[inside].sum() if n[inside].sum() else np.nan
    whole = y[inside].sum() - rate * n[inside].sum()
    most, mix = rows["excess"], _mix(cells[inside], before, start)
    shared: list[tuple[Key | None, float, float]] = []
    for key in causes.order:
        mine = inside & causes.mask(key)
        inside &= ~mine
        extra = y[mine].sum() - rate * n[mine].sum()
        shared.append((key, y[mine].sum(), np.minimum(extra, most[key])))
    shared.append((None, y[inside].sum(), whole - sum(row[2] for row in shared)))
    table = pd.DataFrame(shared, columns=["cause", "cases", "excess"])
    table = table[(table["cases"] > 0) | table["cause"].isna()]
    share = table["excess"] / whole if whole > 0 else np.nan
    parts = table.assign(share=share).reset_index(drop=True)
    return dataclasses.replace(start, parts=parts, mix=mix)


def _rows(cells: pd.DataFrame, subject: Mapping[str, str]) -> np.ndarray:
    inside = np.ones(len(cells), dtype=bool)
    for name, value in subject.items():
        inside &= cells[name].astype(str).eq(value).to_numpy()
    return inside


def _mix(now: pd.DataFrame, before: pd.DataFrame | None, start: Start) -> float:
    """Share of a rise that other models, ages and regions explain; NaN where it is no rise."""
    if before is None or start.kind == "hotspot" or not set(start.subject) <= set(before):
        return np.nan
    by = [c for c in MIXED if c in before and c in now and c not in start.subject]
    past = before[_rows(before, start.subject)]
    split = mix_of(past, now, by=by, count="count", exposure="exposure") if by else None
    return split.mix_effect / split.change if split is not None and split.change > 0 else np.nan
