"""Facts of a hotspot report, written by hand."""

import pandas as pd
import pytest

from aftersales.questions.hotspot.result import Hotspot
from aftersales.studies.places.clusters import Clusters
from aftersales.studies.places.grid import Grid
from aftersales.studies.places.outlets import COLUMNS
from aftersales.studies.scope import read_scope

NAN = float("nan")
HOT = {
    "product": "tv",
    "cases": 60.0,
    "at_risk": 6000.0,
    "all_cases": 60.0,
    "others": 40.0,
    "dispersion": 1.0,
    "expected": 20.0,
    "ratio": 3.0,
    "low": 2.01,
    "high": 4.48,
    "p": 1e-6,
    "q": 1e-5,
    "excess": 40.0,
    "cost": NAN,
    "few": False,
    "severity": "act",
    "evidence": "A",
    "crude_ratio": 2.5,
    "crude_expected": 24.0,
    "shrunken": 2.8,
    "contrast": "",
}
CLUSTER = {
    "places": ("CN-11",),
    "product": "tv",
    "model": "",
    "start": None,
    "cases": 60,
    "at_risk": 6000.0,
    "expected": 20.0,
    "excess": 40.0,
    "ratio": 3.0,
    "low": 2.3,
    "high": 3.9,
    "dispersion": 1.0,
    "p": 0.001,
    "q": 0.001,
    "recurrence": 1000.0,
    "floor": True,
    "cases_before": NAN,
    "expected_before": NAN,
    "severity": "act",
    "evidence": "A",
    "new": False,
}
OUTLET = {
    "outlet": "O1",
    "metric": "turnaround_days",
    "cases": 60,
    "at_risk": 60,
    "value": 8.88,
    "value_low": 8.0,
    "value_high": 9.5,
    "peers": 2.9,
    "ratio": 3.06,
    "low": 2.7,
    "high": 3.48,
    "p": 1e-9,
    "q": 1e-8,
    "excess": NAN,
    "few": False,
    "severity": "act",
    "evidence": "C",
}


def table(plain, rows):
    """A row per entry, `plain` where the entry does not say otherwise; no columns without any."""
    return pd.DataFrame([plain | row for row in rows])


@pytest.fixture(scope="session")
def answer(company):
    """Makes the answer for a region; rows are as above where they do not say otherwise."""

    def make(
        *cells, region="", column="product", metric="faults_per_1000", adjusted=True, tables=(),
        whole=(), own=None, outlets=(), window=None, now=(),
    ):  # fmt: skip
        hot = HOT | {"region": region or "CN", column: "tv", "growth": NAN}
        places = pd.DataFrame({"region": ["CN-11", "CN-12", "CN-44"], "few": True})
        cells, whole = table(hot, cells), table(hot, whole)
        own = None if own is None else pd.Series(hot | own)
        grid = Grid(metric, "region", column, cells, places, adjusted, whole, own)
        outlets = table(OUTLET, outlets).reindex(columns=COLUMNS).astype({"few": bool})
        clusters = None
        if window is not None:
            found = (table(CLUSTER, rows).reindex(columns=list(CLUSTER)) for rows in (window, now))
            clusters = Clusters(*found, groups=1234, spread=(0.0, 0.0, 0.0))
        scope = read_scope(company(dict.fromkeys(tables, places)), region=region)
        return Hotspot(scope, 12, grid, cells, places, whole, outlets, clusters)

    return make


@pytest.fixture(scope="session")
def told():
    """Severity and text of the findings of a kind."""

    def of(answer, kind):
        return [(f.severity, f.text) for f in answer.findings() if f.kind == kind]

    return of
