"""What a report is about: a region, its place in the tree, and the last complete day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from aftersales.data.store.store import Store
from aftersales.errors import RequestError
from aftersales.profile.config import Profile
from aftersales.profile.regions import Region


@dataclass(frozen=True)
class Scope:
    """A region of a store at a day. `region` is a node of the profile's tree."""

    store: Store
    region: Region
    as_of: pd.Timestamp

    @property
    def profile(self) -> Profile:
        return self.store.profile

    @property
    def parent(self) -> Region | None:
        """The region above, or None for the whole company."""
        above = self.region.parent
        return self.profile.regions[above] if above else None

    @property
    def children(self) -> list[Region]:
        return self.profile.regions.children(self.region.id)

    @property
    def siblings(self) -> list[Region]:
        return self.profile.regions.siblings(self.region.id)

    @property
    def last_day(self) -> pd.Timestamp:
        """Last day of the last complete month: what monthly figures are measured up to."""
        return self.last_month + pd.offsets.MonthEnd(0)

    @property
    def last_month(self) -> pd.Timestamp:
        """First day of the last complete month: that of `as_of`, if it is a month's last day."""
        first = self.as_of.normalize().replace(day=1)
        complete = (self.as_of + pd.Timedelta(days=1)).day == 1
        return first if complete else first - pd.DateOffset(months=1)

    def months(self, n: int) -> pd.DatetimeIndex:
        """The last `n` complete months, by their first days."""
        return pd.date_range(end=self.last_month, periods=n, freq="MS")


def read_scope(store: Store, *, region: str = "", as_of: str | pd.Timestamp | None = None) -> Scope:
    """The scope of a report; region "" is the root, `as_of` "" or None the last day of the data.

    Text that is no day is a RequestError, and so is a day after the last one of the data: its
    months would look empty, not good.
    """
    tree = store.profile.regions
    chosen = tree[region] if region else tree.root
    day = _day(as_of) if as_of else store.as_of
    if day > store.as_of:
        raise RequestError(
            f"The data are complete up to {store.as_of:%Y-%m-%d}; found as_of {day:%Y-%m-%d}. "
            "Choose that day or an earlier one."
        )
    return Scope(store, chosen, day)


def _day(as_of: str | pd.Timestamp) -> pd.Timestamp:
    try:
        return pd.Timestamp(
            date.fromisoformat(as_of) if isinstance(as_of, str) else as_of
        ).normalize()
    except ValueError:
        raise RequestError(
            f'as_of is a day written YYYY-MM-DD; found "{as_of}". Write one, or "" for the last '
            "day of the data."
        ) from None
