"""How a suspect group of units fails by age, beside comparable units, and what is still to come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import narwhals as nw
import numpy as np
import pandas as pd

from aftersales import plot
from aftersales.findings import Finding
from aftersales.metrics.counting.engines import first_day, month_of
from aftersales.metrics.families.service_life import (
    aged_claims,
    claim_pairs,
    claims_by_age,
    cohorts,
)
from aftersales.questions import naming
from aftersales.questions.life import words as life_words
from aftersales.stats.life import service_months as ages
from aftersales.stats.life.claims_ahead import ClaimsAhead, expected_claims
from aftersales.stats.life.month_pattern import month_pattern
from aftersales.studies.scope import Scope
from aftersales.studies.strata import lacking_for_faults
from aftersales.words import say

MONTHS_AHEAD = 3
RECENT = 12  # months whose faults tell the rates of the next ones
OLDEST = 36  # months in service up to which curves are drawn
LEAST_SEEN = 0.5  # share of a group's units that must have reached an age to state a figure for it
LEAST_UNITS = 10  # units at an age below which a curve ends
HORIZONS = (3, 6, 12, 24)  # months in service at which cohorts are compared
SHOWN = 8  # cohorts or batches in a table


@dataclass(frozen=True)
class Life:
    """A group of units beside all others of the same products, by months in service.

    `cells` has one row per side, group, cohort and age that has been seen: ``inside`` (1 for the
    group in question), ``group`` (batch, or quarter of start), and the columns of
    `stats.service_months.service_months`. `curves` has one row per side and age: ``inside``,
    ``age``, ``at_risk``, ``claims``, ``rate``, ``mcf``, its variances, ``low``, ``high``.
    `ahead` are the faults to come in the group's units that are in service now.
    """

    scope: Scope
    where: Mapping[str, str]
    by: str  # what `group` holds: "batch" or "quarter"
    cells: pd.DataFrame
    curves: pd.DataFrame
    ahead: ClaimsAhead

    @property
    def name(self) -> str:
        """The group in words: ``batch B2407``."""
        return naming.subject(self.scope, self.where)

    def to_frame(self) -> pd.DataFrame:
        """Faults per 1,000 units up to each month in service, with 95 % interval.

        ``cohort`` (the group in question, then all others), ``age``, ``n`` unit-months, ``count``,
        ``rate``, ``rate_low``, ``rate_high``. A curve ends where fewer than 10 units are left.
        """
        frame = self.curves[self.curves["at_risk"] >= LEAST_UNITS]
        names = {1: self.name, 0: say("all others")}
        columns = {
            "cohort": frame["inside"].map(names),
            "age": frame["age"] + 1,
            "n": frame["at_risk"],
            "count": frame["claims"],
        }
        bounds = {"rate": "mcf", "rate_low": "low", "rate_high": "high"}
        columns |= {name: 1000 * frame[column].fillna(0.0) for name, column in bounds.items()}
        return pd.DataFrame(columns).reset_index(drop=True)

    def plot(self, *, ax=None):
        """Faults per 1,000 units so far, by months in service: the group and all others."""
        return plot.age_curve(
            self.to_frame(),
            ylabel=say("Faults per 1,000 units so far"),
            xlabel=say("Months in service"),
            ax=ax,
        )

    def cohort_table(self, *, shown: int = SHOWN) -> pd.DataFrame:
        """Faults per 1,000 units within 3, 6, 12 and 24 months in service, by batch or by start.

        With a batch in question: that batch, all others of its products together, and some of
        those that started in the last two years, spread over them, the newest first; else the
        quarters in which units of the group went into service. ``group``, ``units``, ``within_3``
        ... ``within_24``; empty where fewer than half of the units are that old, or faults of
        their first months were not recorded: empty is not zero.
        """
        own = self.cells[self.cells["inside"] == 1]
        others = self.cells[self.cells["inside"] == 0]
        rows = [] if self.by == "quarter" else [(self.name, own)]
        rows.append((say("all others"), others))
        table = others if self.by == "batch" else own
        for group in self._groups(table, shown=shown - len(rows)):
            label = naming.label(self.scope, "batch", group) if self.by == "batch" else group
            rows.append((label, table[table["group"] == group]))
        if self.by == "quarter":
            rows = [*rows[1:], rows[0]]
        names = [f"within_{h}" for h in HORIZONS]
        frame = pd.DataFrame(
            [(n, *_within(t)) for n, t in rows], columns=["group", "units", *names]
        )
        return frame[frame["units"] > 0].reset_index(drop=True)

    def _groups(self, rows: pd.DataFrame, *, shown: int) -> list[str]:
        """The groups to show: the last quarters, or batches spread over the last two years."""
        at_risk = rows.groupby("group")["at_risk"].sum()
        cohorts = rows.drop_duplicates(["group", "cohort"])
        cohorts = cohorts.assign(start=cohorts["cohort"] * cohorts["units"])
        sums = cohorts.groupby("group")[["start", "units"]].sum()
        start, units = sums["start"] / sums["units"], sums["units"]
        least = self.scope.profile.target("faults_per_1000").min_n
        start = start[(at_risk >= least) & (units >= LEAST_UNITS)].sort_values(kind="stable")
        if self.by != "batch":
            return list(start.index[-shown:])
        age = month_of(self.scope.last_day) - start
        start = start[(age >= HORIZONS[0]) & (age <= HORIZONS[-1])][::-1]
        places = np.linspace(0, len(start) - 1, min(shown, len(start))).round().astype(int)
        return list(start.index[places])

    def findings(self) -> list[Finding]:
        """What is to be expected of the group in the next months."""
        return life_words.findings(self)


def _within(cells: pd.DataFrame) -> list[float]:
    """Units, and faults per 1,000 of them within each horizon; NaN where too few are that old."""
    part = ages.by_group(_one_group(cells).assign(all=1), by=["all"])
    per_1000, seen = np.full(max(HORIZONS), np.nan), np.zeros(max(HORIZONS))
    part = part[part["age"] < max(HORIZONS)]
    per_1000[part["age"]], seen[part["age"]] = part["per_1000"], part["seen"]
    units = float(part["units"].iloc[0]) if len(part) else 0.0
    known = [(seen[:h] >= LEAST_SEEN).all() for h in HORIZONS]
    shown = [
        float(per_1000[:h].sum()) if k else np.nan for h, k in zip(HORIZONS, known, strict=True)
    ]
    return [units, *shown]


def life(
    scope: Scope, *, where: Mapping[str, str], months_ahead: int = MONTHS_AHEAD
) -> Life | None:
    """The life of the units that match `where`, beside all others of the same products.

    A group that is all there is of its products is compared with all other units.

    Faults are those of the region's fault tickets, by the age of their unit. None where units or
    their faults are not in the data, `where` names something that units do not have, or no unit
    matches it (or all do).

    Parameters
    ----------
    where : attributes of units -> value, e.g. ``{"batch": "B2407"}``; a region stands for all
        below it
    months_ahead : complete months after the last one for which faults are foreseen
    """
    store = scope.store
    if lacking_for_faults(scope) or not where or not store.has("units", *where):
        return None
    group = "batch" if "batch" in where else "cohort"
    by = ["inside", *(["product"] if store.has("units", "product") else [])]
    by += ["batch"] if group == "batch" else []
    units = store.scan("units", region=scope.region.id).with_columns(inside=_inside(scope, where))
    fleet = cohorts(units, by=by, as_of=scope.last_day)
    fleet, units = _comparable(fleet, units)
    if fleet["inside"].nunique() < 2:
        return None
    tickets = store.scan("tickets", region=scope.region.id)
    tickets = tickets.filter(nw.col("ticket_type") == "fault")
    first, last = _first_month(scope), month_of(scope.last_day)
    aged = aged_claims(tickets, units=units, by=by, as_of=scope.last_day)
    aged = aged.filter(nw.col("month") >= first)
    counts, pairs = claims_by_age(aged, by=by), claim_pairs(aged, by=["inside"])
    fleet, counts = (_grouped(f, group) for f in (fleet, counts))
    cells = ages.service_months(
        fleet, claims=counts, last=last, first=first, by=["inside", "group"]
    )
    curves = pd.concat(
        [_curve(cells, pairs, inside).assign(inside=inside) for inside in (1, 0)],
        ignore_index=True,
    )
    season = _season(fleet, counts, first=first, last=last)
    ahead = _ahead(scope, cells, season, months_ahead)
    return Life(scope, where, "batch" if group == "batch" else "quarter", cells, curves, ahead)


def _inside(scope: Scope, where: Mapping[str, str]) -> nw.Expr:
    """1 for units that match every attribute, else 0."""
    matches = nw.lit(True)
    for name, value in where.items():
        tree = scope.profile.regions
        if name == "region":
            matches = matches & nw.col(name).is_in(tree.members(value))
        else:
            matches = matches & (nw.col(name).cast(nw.String) == value)
    return matches.fill_null(False).cast(nw.Int64)


def _comparable(fleet: pd.DataFrame, units: nw.LazyFrame) -> tuple[pd.DataFrame, nw.LazyFrame]:
    """Units of the products that the group has; all units where it is the whole of them."""
    if "product" not in fleet:
        return fleet, units
    products = fleet.loc[fleet["inside"] == 1, "product"].dropna().unique().tolist()
    like = fleet[fleet["product"].isin(products)]
    if like["inside"].nunique() < 2:
        return fleet, units
    return like, units.filter(nw.col("product").is_in(products))


def _first_month(scope: Scope) -> int:
    """Number of the first month that tickets cover, or the next if they start late in it."""
    entry = scope.store.manifest["tables"]["tickets"]
    start = pd.Timestamp(entry.get("first") or pd.Timestamp(1970, 1, 1))
    return month_of(start) + (start.day > 7)


def _grouped(frame: pd.DataFrame, group: str) -> pd.DataFrame:
    """The frame with ``group``: the batch, or the quarter of the start of service."""
    if group == "batch":
        return frame.assign(group=frame["batch"])
    start = pd.DatetimeIndex(first_day(frame["cohort"]))
    return frame.assign(group=[f"{t.year}Q{t.quarter}" for t in start])


def _curve(cells: pd.DataFrame, pairs: pd.DataFrame, inside: int) -> pd.DataFrame:
    own = cells[(cells["inside"] == inside) & (cells["age"] < OLDEST)]
    pairs = pairs[pairs["inside"] == inside]
    return ages.claims_by_age(_one_group(own), pairs=pairs)


def _one_group(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells with one row per cohort and age, whatever the group."""
    return cells.groupby(["cohort", "age"], as_index=False)[["units", "at_risk", "claims"]].sum()


def _ahead(scope: Scope, cells: pd.DataFrame, season: np.ndarray, months: int) -> ClaimsAhead:
    """Faults to come in the group, at its rates of the last year, the others' curve, the season."""
    own, others = (_one_group(cells[cells["inside"] == side]) for side in (1, 0))
    last = month_of(scope.last_day)
    return expected_claims(
        own, last=last, months=months, reference=others, season=season, recent=RECENT
    )


def _season(fleet: pd.DataFrame, counts: pd.DataFrame, *, first: int, last: int) -> np.ndarray:
    """The season of the group's faults: that of its products, weighed by its faults in each."""
    factors, weights = [], []
    for product, sizes in fleet.groupby(_product(fleet), dropna=False):
        claims = counts[_product(counts) == product]
        table = ages.service_months(sizes, claims=claims, last=last, first=first)
        factors.append(month_pattern(table, by_month=claims, last=last))
        weights.append(claims.loc[claims["inside"] == 1, "claims"].sum() + 1)
    return np.average(factors, axis=0, weights=weights)


def _product(frame: pd.DataFrame) -> pd.Series:
    return frame["product"] if "product" in frame else pd.Series("", index=frame.index)
