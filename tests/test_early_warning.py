"""The replay of complaints: nothing of the future enters, and a warning is counted as one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[1]
DAYS = pd.date_range("2018-01-03", "2023-12-28", freq="4D")


@pytest.fixture(scope="module")
def replay():
    """The benchmark's functions."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks" / "warning"))
        import early_warning

        yield early_warning


@pytest.fixture(scope="module")
def data(replay, tmp_path_factory):
    """Two cars; from March 2022 the engine of the first fails five times as often."""
    rng = np.random.default_rng(1)
    rows = [
        (model, component, day)
        for model in ("A", "B")
        for component in ("ENGINE", "SEATS", "FUEL SYSTEM, GASOLINE", "STEERING")
        for day in DAYS
        for _ in range(
            rng.poisson(
                2
                if (model, component) == ("A", "ENGINE") and day >= pd.Timestamp("2022-03-01")
                else 0.4
            )
        )
    ]
    table = pd.DataFrame(rows, columns=["model", "component", "filed_not_before"])
    table = table.sort_values("filed_not_before", ignore_index=True)
    none = {"crash_involved": False, "fire_involved": False, "injuries": 0, "deaths": 0}
    table = table.assign(
        odi_number=range(len(table)),
        make="ACME",
        model_year=2018,
        **none,
        incident_date=table["filed_not_before"],
    )
    recall = {"campaign_number": "22V001000", "make": "ACME", "model": "A", "model_year": 2018}
    recall |= {"component": "ENGINE AND ENGINE COOLING:ENGINE", "recall_date": "2022-11-15"}
    early = recall | {"campaign_number": "18V001000", "recall_date": "2018-01-20"}
    texts = {"summary": "s", "consequence": "c", "remedy": "r"}
    raw = tmp_path_factory.mktemp("acme")
    table.to_csv(raw / "complaints.csv.gz", index=False)
    pd.DataFrame([recall | texts, early | texts]).to_csv(raw / "recalls.csv.gz", index=False)
    return replay.read_complaints(raw)


def test_only_recalls_after_ten_complaints_are_testable(replay, data):
    found = replay.testable(data)

    assert found["campaign"].tolist() == ["22V001000"]
    assert (found["model"].iloc[0], found["group"].iloc[0]) == ("ACME A", "engine")


def test_a_rise_before_a_recall_is_flagged_with_its_lead(replay, data):
    alarm, _ = replay.alarms(data, replay.exposures(data)[replay.EXPOSURE], fdr=0.1)

    lead = replay.leads(replay.testable(data), alarm, data, 12)

    assert 5 < lead[0] < 8.5  # the rise began eight and a half months before the recall


def test_what_is_filed_later_changes_no_alarm(replay, data):
    until = 54
    cut = replace(
        data,
        months=data.months[:until],
        **{name: getattr(data, name)[:, :, :until] for name in ("count", "total", "seen")},
    )

    now, then = (replay.alarms(d, replay.exposures(d)[replay.EXPOSURE])[0] for d in (data, cut))

    assert then.any()
    assert (now[:, :, :until] == then).all()


def test_quiet_months_keep_away_from_recalls(replay, data):
    quiet = replay.quiet_months(data, 12)
    month = data.months.get_loc("2022-11")

    assert not quiet[0, data.groups.index("engine"), month - 12 : month + 13].any()
    assert quiet[1, data.groups.index("engine"), month]
