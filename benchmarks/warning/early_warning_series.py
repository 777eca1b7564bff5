"""Monthly complaints per model and component group, and the recalls of the same, from a profile."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from aftersales.data.clean.clean import clean_profile
from aftersales.data.store.store import open_store
from aftersales.profile.config import find_root, read_profile
from aftersales.stats.alarms.drift import LIMIT
from aftersales.stats.alarms.surveillance import monitor_many

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
from yardsticks.taxonomy import Components, read_components

SMOOTH = 12  # months over which the complaints about other groups are averaged
FEWEST = 0.5  # such complaints a month below which their mean is noise
SETTINGS = {  # false discovery rate of single months, limit of the cusum for lasting rises
    "cautious": {"fdr": 0.05, "drift_limit": 5.0},
    "standard": {"fdr": 0.10, "drift_limit": LIMIT},
    "eager": {"fdr": 0.20, "drift_limit": 2.5},
}
TESTABLE = 10  # complaints before a recall
FIRST = 9  # months of history before the first judgement


@dataclass(frozen=True)
class Complaints:
    """Counts of models x groups x months; `seen` is False before a model's first complaint.

    `total` counts each complaint of a model once, whatever it names. `filed` has one row per
    complaint and group (model, group, filed), `recalls` one per campaign, model and group
    (campaign, model, group, date).
    """

    models: list[str]
    groups: list[str]
    months: pd.PeriodIndex
    count: np.ndarray
    total: np.ndarray
    seen: np.ndarray
    filed: pd.DataFrame
    recalls: pd.DataFrame


def read_complaints(raw: Path, *, profile: str = "nhtsa") -> Complaints:
    """The files of a folder, cleaned by the profile; months after the last whole one are cut."""
    settings = read_profile(profile, root=find_root(Path(__file__).parent))
    with tempfile.TemporaryDirectory() as folder:
        clean_profile(settings, raw=raw, processed=Path(folder))
        store = open_store(settings, processed=Path(folder))
        tickets, actions = (_pandas(store, name) for name in ("tickets", "actions"))
    components = read_components(settings)
    filed = tickets[["ticket_id", "product", "opened_at"]].assign(
        group=tickets["components"].map(components.groups_of)
    )
    filed = filed.rename(columns={"product": "model", "opened_at": "filed"})
    return _count(filed.dropna(subset=["model", "filed"]), _recalls(actions, components))


def _pandas(store, table: str) -> pd.DataFrame:
    return store.scan(table).collect().to_pandas()


def _recalls(actions: pd.DataFrame, components: Components) -> pd.DataFrame:
    found = pd.DataFrame(
        {
            "campaign": actions["campaign"],
            "model": actions["scope"].str.removeprefix("product="),
            "group": actions["component"].map(components.groups_of),
            "date": actions["started_at"],
        }
    )
    return found.explode("group").dropna().sort_values(["model", "group", "date"])


def _count(filed: pd.DataFrame, recalls: pd.DataFrame) -> Complaints:
    last = filed["filed"].max().to_period("M") - 1  # the month of the last complaint is not over
    months = pd.period_range(filed["filed"].min().to_period("M"), last, freq="M")
    rows = filed.explode("group")
    named = rows.dropna(subset=["group"])
    models, groups = sorted(filed["model"].unique()), sorted(named["group"].unique())
    count = np.zeros((len(models), len(groups), len(months)))
    total = np.zeros((len(models), 1, len(months)))
    for table, grid, names in ((named, count, groups), (filed.assign(group=""), total, [""])):
        month = months.get_indexer(table["filed"].dt.to_period("M"))
        at = (pd.Index(x).get_indexer(table[c]) for x, c in ((models, "model"), (names, "group")))
        first, second = at
        inside = month >= 0
        np.add.at(grid, (first[inside], second[inside], month[inside]), 1)
    seen = np.cumsum(total, axis=2) > 0
    return Complaints(models, groups, months, count, total, seen, named, recalls)


def exposures(data: Complaints) -> dict[str, np.ndarray]:
    """What stands for the unknown number of vehicles, per model, group and month.

    ``none`` is 1; ``others`` the mean number of the model's complaints about anything else, over
    this and the eleven months before; ``root of others`` half of its movement on a log scale.
    All are 0 before the model's first complaint. Nothing of a later month enters.
    """
    before = np.cumsum(data.total - data.count, axis=2)
    window = before.copy()
    window[:, :, SMOOTH:] -= before[:, :, :-SMOOTH]
    length = np.clip(np.cumsum(data.seen, axis=2), 1, SMOOTH)
    others = np.maximum(window / length, FEWEST)
    return {
        "none": data.seen * np.ones_like(others),
        "others": data.seen * others,
        "root of others": data.seen * np.sqrt(others),
    }


def long_table(data: Complaints, exposure: np.ndarray) -> pd.DataFrame:
    """One row per model, group and month, for `monitor_many`, of series with a case."""
    index = pd.MultiIndex.from_product([data.models, data.groups, range(len(data.months))])
    table = index.to_frame(index=False, name=["model", "group", "period"])
    table["count"], table["exposure"] = data.count.ravel(), exposure.ravel()
    with_cases = np.repeat(data.count.sum(axis=2).ravel() > 0, len(data.months))
    return table[with_cases]


def alarms(data: Complaints, exposure: np.ndarray, **setting: float) -> tuple:
    """Alarm and first month of an episode, as models x groups x months."""
    table = long_table(data, exposure)
    judged = monitor_many(
        table, by=["model", "group"], season=12, start=FIRST, exposure="exposure", **setting
    )
    shape = data.count.shape
    flat = [pd.Index(data.models).get_indexer(judged["model"])]
    flat += [pd.Index(data.groups).get_indexer(judged["group"]), judged["period"].to_numpy()]
    out = []
    for name in ("alarm", "new"):
        grid = np.zeros(shape, dtype=bool)
        grid[tuple(flat)] = judged[name]
        out.append(grid)
    return tuple(out)
