"""Facts of a trend report written by hand: what a test does not name is quiet and plain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from aftersales.questions.trend.facts import Facts
from aftersales.studies.scope import Scope, read_scope
from aftersales.studies.series.monthly import Series
from aftersales.studies.series.weekly_series import Weekly

ROW = {
    **{"metric": "faults_per_1000", "region": "", "part": "", "severity": "ok"},
    **{"cases": 250.0, "at_risk": 5000.0, "expected": 100.0, "excess": 150.0, "cost": np.nan},
    **{"ratio": 2.5, "low": 2.2, "high": 2.9, "p": 1e-6, "q": 1e-5, "evidence": "B"},
}
MONTHLY = ROW | {
    **{"months": 5, "start": pd.Timestamp("2025-08-01"), "crude_ratio": 2.5, "rung": "season"},
    **{"shape": "unclear", "comparable": True, "fell": False, "echo": False},
}
WEEKLY = ROW | {
    **{"severity": "watch", "alarm": "spike", "week": pd.Timestamp("2025-12-25"), "weeks": 1},
    **{"last": pd.Timestamp("2025-12-25"), "rung": "season", "said": ""},
}


@pytest.fixture(scope="session")
def scope(company) -> Scope:
    """A province of the small company, Beijing in the North of China."""
    return read_scope(company({}), region="CN-11")


@pytest.fixture
def facts_of(scope) -> Callable[..., Facts]:
    """Makes facts: ``facts_of(rows=[{"severity": "act"}], alarms=[{}], watched=3, unjudged=1)``."""

    def make(
        *,
        rows: Sequence[dict[str, Any]] = (),
        alarms: Sequence[dict[str, Any]] = (),
        watched: int = 0,
        unjudged: int = 0,
        **more: Any,
    ) -> Facts:
        one = Series("faults_per_1000", {}, pd.DataFrame())
        tables: dict[str, Any] = {"series": [one] * (len(rows) + unjudged)}
        if rows:
            tables["table"] = pd.DataFrame([MONTHLY | row for row in rows])
        if alarms:
            tables["alarms"] = pd.DataFrame([WEEKLY | alarm for alarm in alarms])
        if watched:
            names = pd.DataFrame(
                {"metric": ["faults_per_1000"] * watched, "region": "", "part": ""}
            )
            tables["weekly"] = Weekly(names, *[pd.DataFrame()] * 4, drift_limit=5.0)
        known = {"scope": scope, "metric": "faults_per_1000", "split_by": "product"}
        return Facts(**(known | tables | more))

    return make
