"""Which rows a question is about: a store, a region with all below it, a span of months."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import narwhals as nw
import pandas as pd

from aftersales.metrics.counting.attributes import at_level, lacking, with_attributes
from aftersales.metrics.counting.exposure import in_service


@dataclass(frozen=True)
class Rows:
    """What a metric is asked for, apart from its groups.

    Attributes
    ----------
    store : the tables; needs ``scan``, ``has``, ``as_of`` and ``profile``
    region : only rows in this region or below it; None: all
    as_of : last complete day
    months : only the last so many calendar months, up to the one of `as_of`; None: all
    level : what "region" means as a group: the ancestor at this level; None: the deepest
    """

    store: Any
    region: str | None
    as_of: pd.Timestamp
    months: int | None = None
    level: str | None = None

    @property
    def start(self) -> pd.Timestamp | None:
        """First day of the first month asked for."""
        if self.months is None:
            return None
        first = self.as_of.normalize().replace(day=1)
        return first - pd.DateOffset(months=self.months - 1)

    def company(self) -> Rows:
        """The same span of the whole company, regions as they are stored."""
        return replace(self, region=None, level=None)

    def of(self, table: str, *, by: Iterable[str] = (), since: str = "") -> nw.LazyFrame:
        """Rows of a table with the attributes in `by`; `since` names the time that must
        lie in the months asked for."""
        by = [column for column in by if column != "month"]
        lazy = self.store.scan(table, region=self.region)
        if since == "started_at":
            lazy = in_service(lazy, needs=[])
        if since and self.start is not None:
            lazy = lazy.filter(nw.col(since) >= self.start)
        lazy = with_attributes(self.store, table, lazy, by)
        if self.level and "region" in by:
            lazy = at_level(lazy, self.store.profile.regions, level=self.level)
        return lazy


def denominator(store: Any, by: Iterable[str]) -> str | None:
    """Which table counts those at risk by these attributes: "units", "exposure" or None.

    Units come first, since their months in service are known; the `exposure` table serves what
    units cannot tell, such as the version in use.
    """
    by = [column for column in by if column != "month"]
    started = store.has("units", "in_service_at") or store.has("units", "shipped_at")
    if started and not lacking(store, "units", by):
        return "units"
    return "exposure" if store.has("exposure", "period", "at_risk", *by) else None
