"""Counts and results that are made once: at their finest grain, for as many rows as are shared.

Two kinds of results are kept in this process. `once` keeps whole results, such as the company's
own figures that every region is compared with. `cut` keeps counts by stored region: whatever is
coarser - fewer groups, a region below, regions of a higher level - is added up from them, so that
the rows are read once. While `filling`, which is how a run of many reports prepares, the whole
company is counted; else the region alone, for which that is cheaper. The numbers are the same.

Keys hold the fingerprint of the data and all that a result depends on, so that a result is never
taken for another one; what is handed out are copies.
"""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Callable, Collection, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import narwhals as nw
import pandas as pd

from aftersales.metrics.counting.engines import PLACE
from aftersales.metrics.counting.rows import Rows

NOWHERE = "?"  # the place of rows without one
LARGEST = 500_000  # rows of a table of counts worth keeping; larger ones are counted by region
Result = TypeVar("Result")
Count = Callable[[nw.LazyFrame, list[str]], pd.DataFrame]

_kept: dict[Hashable, Any] = {}
_filling: list[bool] = []
_read: dict[int, tuple[dict, str]] = {}  # manifest -> fingerprint of its data


def once(store: Any, key: tuple[Hashable, ...], compute: Callable[[], Result]) -> Result:
    """A result that all regions share: computed at the first call, then remembered.

    Parameters
    ----------
    store : the tables it is computed from
    key : the name of the computation and every parameter the result depends on
    compute : called where nothing is remembered; what it returns can be pickled. Data frames in
        it (also in tuples, lists, dicts and dataclasses) are handed out as copies.
    """
    whole = ("once", _identity(store), *key)
    if whole not in _kept:
        _kept[whole] = compute()
    return _copy(_kept[whole])


@dataclass(frozen=True)
class _Counts:
    """Counts of the rows of a region (None: of all) by groups, held by the place they belong to."""

    region: str | None
    groups: tuple[str, ...]
    places: dict[str | None, pd.DataFrame]

    def serve(self, asked: Rows, groups: list[str], *, placed: bool) -> bool:
        """Whether the counts asked for can be added up from these."""
        if not set(groups) <= set(self.groups):
            return False
        if self.region is None or self.region == asked.region or not placed:
            return True
        tree = asked.store.profile.regions
        return asked.region is not None and asked.region in tree.members(self.region)


def cut(
    asked: Rows,
    table: str,
    *,
    key: tuple[Hashable, ...],
    by: list[str],
    count: Count,
    since: str = "",
    made: Collection[str] = (),
) -> pd.DataFrame:
    """Counts of a region's rows, added up from what is kept, else made and kept.

    Parameters
    ----------
    asked : the region, the months, and the level of column ``region``
    table : whose rows are counted; a row belongs to the region it is stored under
    key : name of the count and every parameter it depends on but those of `asked` and `by`
    by : groups
    count : takes rows and groups, returns one row per group: the groups, and nothing else but
        columns that can be added up
    since : the time of the rows that lies in the months of `asked`
    made : those of `by` that `count` makes, and that are not looked up by key

    Returns
    -------
    DataFrame, one row per group
        `by` and the sums, sorted by `by`; one row in all where `by` is empty.
    """
    placed = asked.store.has(table, "region")
    groups = [column for column in by if column != "region"] if placed else list(by)
    level = None if placed else asked.level
    span = (asked.as_of, asked.start if since else None, level)
    kept = _kept.setdefault(("cut", _identity(asked.store), table, key, span), [])
    found = next((c for c in kept if c.serve(asked, groups, placed=placed)), None)
    if found is None:
        counted = replace(reach(asked), level=level)
        looked_up = [column for column in groups if column not in made]
        rows = counted.of(table, by=looked_up, since=since)
        place = nw.col("region") if placed else nw.lit("")
        counts = count(rows.with_columns(place.alias(PLACE)), [*groups, PLACE])
        found = _Counts(counted.region, tuple(groups), _by_place(counts))
        if len(counts) <= LARGEST:
            kept.append(found)
    return _added(found.places, asked, by=by, groups=list(found.groups))


def reach(asked: Rows) -> Rows:
    """Whose rows are counted: while a run prepares itself those of the whole company."""
    return asked.company() if _filling else asked


def _by_place(counts: pd.DataFrame) -> dict[str | None, pd.DataFrame]:
    """The counts of each place, sorted by group; None holds none, for the columns' sake."""
    parts: dict[str | None, pd.DataFrame] = {None: counts.iloc[:0].drop(columns=PLACE)}
    counts = counts.assign(**{PLACE: counts[PLACE].astype(object).fillna(NOWHERE)})
    for place, part in counts.groupby(PLACE, sort=False):
        parts[place] = part.drop(columns=PLACE).reset_index(drop=True)
    return parts


def _added(
    places: dict[str | None, pd.DataFrame], asked: Rows, *, by: list[str], groups: list[str]
) -> pd.DataFrame:
    """The counts of the places in the region of `asked`, added up by group."""
    tree = asked.store.profile.regions
    everywhere = asked.region is None or "" in places
    held = holders(asked)
    parts = [
        places[p].assign(region=None if p == NOWHERE else held.get(p, p))
        if "region" not in groups
        else places[p]
        for p in (places if everywhere else tree.members(asked.region))
        if p in places and p is not None
    ] or [places[None].assign(**({} if "region" in groups else {"region": ""}))]
    numbers = [c for c in parts[0] if c not in (*groups, "region")]
    if len(parts) == 1 and by and set(groups) <= set(by):
        return parts[0][[*by, *numbers]]
    return added(pd.concat(parts, ignore_index=True), by=by, numbers=numbers)


def holders(asked: Rows) -> dict[str, str]:
    """Stored region -> the region of the asked's level that holds it; {} without a level."""
    if not asked.level:
        return {}
    tree = asked.store.profile.regions
    return {m: r.id for r in tree.at_level(asked.level) for m in tree.members(r.id)}


def added(counts: pd.DataFrame, *, by: list[str], numbers: list[str]) -> pd.DataFrame:
    """`numbers` added up by group, in the order in which `frames.collect` puts the groups."""
    if not by:
        return counts[numbers].sum().to_frame().T.astype(counts[numbers].dtypes)
    sums = counts.groupby(by, dropna=False, sort=False)[numbers].sum().reset_index()
    return sums.sort_values(by, kind="stable", na_position="last", ignore_index=True)


@contextmanager
def filling() -> Iterator[None]:
    """Counts of the company that are asked for inside are made and kept."""
    _filling.append(True)
    try:
        yield
    finally:
        _filling.pop()


def is_filling() -> bool:
    """Whether a run prepares itself, and what most of its regions will ask for is worth having."""
    return bool(_filling)


def pack() -> bytes:
    """All that is kept, to hand it to another process of the same code."""
    return pickle.dumps(_kept, protocol=pickle.HIGHEST_PROTOCOL)


def unpack(packed: bytes) -> None:
    """Keep what `pack` gave in another process."""
    _kept.update(pickle.loads(packed))  # made by our own child process


def forget() -> None:
    """Drop all that is kept."""
    _kept.clear()


def _identity(store: Any) -> tuple[str, str]:
    """The tables a result stands on: profile and content."""
    manifest = store.manifest
    found = _read.get(id(manifest))
    if found is None or found[0] is not manifest:
        found = _read[id(manifest)] = (manifest, store.fingerprint())
    return store.profile.name, found[1]


def _copy(value: Any) -> Any:
    if isinstance(value, pd.DataFrame | pd.Series):
        return value.copy()
    if isinstance(value, tuple | list) and type(value) in (tuple, list):
        return type(value)(_copy(v) for v in value)
    if isinstance(value, dict):
        return {k: _copy(v) for k, v in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [f.name for f in dataclasses.fields(value) if f.init]
        return dataclasses.replace(value, **{f: _copy(getattr(value, f)) for f in fields})
    return value
