"""What a report is about: a region, its place in the tree, and the last complete day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from aftersales.data.store.store import Store
from aftersales.errors import RequestError
from aftersales.metrics import measure
from aftersales.metrics.counting.rows import Rows
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

    def rows(self, *, months: int | None = None, region: str = "", rolled: bool = False) -> Rows:
        """What counts are asked for: the rows of the region, or of another one, up to the last
        complete month; `rolled`: column ``region`` is the child of the region they lie in."""
        level = self.children[0].level if rolled and self.children else None
        return Rows(self.store, region or self.region.id, self.last_day, months, level)

    def measure(
        self,
        metric: str,
        *,
        by: Sequence[str] = (),
        months: int | None = None,
        back: int = 0,
        region: str = "",
        monthly: bool = False,
        rolled: bool | None = None,
    ) -> pd.DataFrame:
        """A metric of the region, or of another one; see `metrics.measure`.

        Parameters
        ----------
        months : the window, in complete months; `back`: that of so many months earlier
        rolled : column ``region`` holds children of the scope's region and is missing elsewhere;
            by default where it is asked for and the region has children
        """
        rolled = ("region" in by and bool(self.children)) if rolled is None else rolled
        frame = measure(
            metric,
            self.store,
            region=region or self.region.id,
            by=list(by),
            as_of=self.last_month - pd.DateOffset(months=back) + pd.offsets.MonthEnd(0),
            monthly=monthly,
            months=months,
            level=self.children[0].level if rolled else None,
        )
        return self.in_children(frame) if rolled else frame

    def in_children(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows with column ``region`` missing where it is no child of the region."""
        inside = frame["region"].isin([child.id for child in self.children])
        return frame.assign(region=frame["region"].where(inside))


def read_scope(store: Store, *, region: str = "", as_of: str | pd.Timestamp | None = None) -> Scope:
    """The scope of a report; region "" is the root, `as_of` "" or None the last day of the data.

    A day after the last one of the data is a RequestError: its months would look empty, not good.
    So is a text that is no day.
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
    day = pd.to_datetime(as_of, format="%Y-%m-%d", errors="coerce")
    if pd.isna(day):
        raise RequestError(f'as_of "{as_of}" is not a day; write it as YYYY-MM-DD.')
    return day.normalize()
