import numpy as np
import pandas as pd
import pytest

from aftersales.studies.alarms.calibration import calibration
from aftersales.studies.scope import read_scope
from aftersales.studies.series.weekly_series import watch

WEEKS = pd.date_range(end="2025-12-25", periods=156, freq="7D", unit="us")


@pytest.fixture(scope="module")
def watched():
    """Ten quiet series of 8 cases a week, and two of 2 cases."""
    rng = np.random.default_rng(2)
    levels = [8] * 10 + [2] * 2
    rows = [
        pd.DataFrame(
            {"series": i, "week": WEEKS, "count": rng.poisson(level, 156) * 1.0, "exposure": 1.0}
        )
        for i, level in enumerate(levels)
    ]
    names = pd.DataFrame({"part": [f"p{i}" for i in range(12)]})
    names = names.assign(metric="faults_per_1000", region="")
    return watch(pd.concat(rows, ignore_index=True), names=names)


def test_the_box_tells_the_measured_rate_beside_the_nominal_one(company, watched):
    found = calibration(read_scope(company({})), watched)
    assert found.nominal == 0.005
    assert found.low <= found.rate <= found.high
    assert found.rate < 0.01
    assert found.weeks == found.table["simulated"].sum()
    assert found.table["series"].sum() == 12  # each series of the report is of one kind


def test_a_kind_counts_as_often_as_the_report_has_it(company, watched):
    found = calibration(read_scope(company({})), watched)
    share = found.table["series"] / 12
    assert found.rate == pytest.approx((share * found.table["spikes"]).sum())
    assert found.drift == pytest.approx((share * found.table["in_drift"]).sum())


def test_the_same_data_give_the_same_answer(company, watched):
    one, other = (calibration(read_scope(company({})), watched) for _ in range(2))
    pd.testing.assert_frame_equal(one.table, other.table)


def test_without_weekly_series_there_is_nothing_to_measure(company):
    assert calibration(read_scope(company({})), None) is None
