import numpy as np
import pandas as pd
import pytest

from aftersales.studies.series.monthly import Series, bad_count, complete, dated, judge_series

MONTHS = pd.date_range("2023-01-01", periods=36, freq="MS")


def series(bad, n=1000.0, months=MONTHS):
    return pd.DataFrame({"month": months, "bad": np.asarray(bad, float), "n": n})


def judged(frame, **options):
    (found,) = judge_series([Series("faults_per_1000", {}, frame, **options)])
    return found


def test_what_goes_wrong_is_the_complement_where_high_is_good():
    frame = pd.DataFrame({"n": [10.0], "n_satisfied": [8], "n_returned": [3]})
    assert bad_count(frame, metric="csat_rate").tolist() == [2.0]
    assert bad_count(frame, metric="return_rate").tolist() == [3]


def test_months_without_a_row_have_no_cases_and_no_exposure():
    frame = pd.DataFrame({"month": [MONTHS[0], MONTHS[2]], "bad": [1, 2], "n": [10.0, 20.0]})
    found = complete(frame, months=MONTHS[:3], counted=False)
    assert found["bad"].tolist() == [1, 0, 2]
    assert found["n"].tolist() == [10.0, 0.0, 20.0]


def test_counts_have_the_days_of_the_month_as_exposure_from_their_first_case():
    frame = pd.DataFrame({"month": MONTHS[:3], "bad": [0, 4, 0], "n": [7, 7, 7]})
    assert complete(frame, months=MONTHS[:3], counted=True)["n"].tolist() == [0, 28, 31]


def test_a_rise_is_found_and_its_first_month_is_named():
    bad = [20.0] * 31 + [45.0] * 5  # from August 2025
    found = dated(judged(series(bad)))
    assert found.p < 0.001
    assert found.start == pd.Timestamp("2025-08-01")
    assert found.months == 5
    assert found.change.ratio == pytest.approx(45 / 20)
    assert found.at_risk == 5000


def test_a_jump_of_the_last_month_alone_is_dated_to_it():
    found = dated(judged(series([20.0] * 35 + [60.0])))
    assert found.months == 1
    assert found.start == pd.Timestamp("2025-12-01")


def test_a_fall_is_dated_like_a_rise():
    found = dated(judged(series([40.0] * 30 + [10.0] * 6)))
    assert found.change.ratio < 1
    assert found.start == pd.Timestamp("2025-07-01")


def test_a_quiet_series_and_a_season_give_no_alarm():
    rng = np.random.default_rng(5)
    assert judged(series(rng.poisson(30, 36))).p > 0.05
    wave = 40 * (1 + 0.5 * np.sin(2 * np.pi * np.arange(36) / 12))
    assert judged(series(rng.poisson(wave))).p > 0.05


def test_p_allows_for_having_looked_at_several_windows():
    alone = judged(series([20.0] * 12 + [30.0], months=MONTHS[:13]))
    assert alone.p == alone.change.p  # one window fits
    many = judged(series([20.0] * 35 + [45.0]))
    assert many.p == pytest.approx(4 * many.change.p)


def test_a_past_of_less_than_a_year_is_too_short():
    assert judged(series([20.0] * 12, months=MONTHS[:12])).change is None
    assert judged(series([20.0] * 13, months=MONTHS[:13])).change is not None


def test_fewer_than_thirty_cases_in_all_are_too_few():
    assert judged(series([1.0] * 29 + [0.0] * 7)).change is None
    assert judged(series([1.0] * 36)).change is not None


def test_a_window_with_a_denominator_below_min_n_is_not_judged():
    n = np.full(36, 100.0)
    n[-6:] = 10.0
    found = judged(series([5.0] * 30 + [3.0] * 6, n), min_n=50)
    assert found.months in (6, 12)  # 1 and 3 months have 10 and 30
    assert judged(series([5.0] * 36, 1.0), min_n=50).change is None


def test_a_change_is_not_dated_to_a_window_below_min_n():
    n = np.full(36, 100.0)
    n[-1] = 10.0
    found = dated(judged(series([5.0] * 33 + [10.0, 10.0, 8.0], n), min_n=50))
    assert found.at_risk >= 50


def test_a_series_that_ended_is_not_judged_and_an_open_end_is_left_out():
    n = np.full(36, 1000.0)
    n[-1] = 0
    assert judged(series([20.0] * 35 + [0.0], n)).frame["month"].iloc[-1] == MONTHS[-2]
    n[-4:] = 0
    ended = series([20.0] * 32 + [0.0] * 4, n)
    assert judged(ended).change is None
    assert judged(ended, patience=4).change is not None  # cases take that long to be known


def test_months_without_exposure_in_between_do_no_harm():
    n = np.full(36, 1000.0)
    n[10:13] = 0
    bad = np.where(n > 0, 20.0, 0.0)
    assert judged(series(bad, n)).change.ratio == pytest.approx(1.0)


def test_nothing_at_risk_is_not_judged():
    assert judged(series([0.0] * 36, 0.0)).change is None


def test_the_first_cases_of_a_product_long_in_the_field_are_a_rise():
    found = dated(judged(series([0.0] * 33 + [12.0] * 3)))
    assert found.change.expected == 0
    assert np.isinf(found.change.ratio)
    assert found.start == pd.Timestamp("2025-10-01")


def test_a_count_with_hardly_any_past_may_have_had_no_records():
    bad = [1.0, 0.0] * 17 + [0.0, 60.0]
    assert judged(series(bad, 30.0), counted=True).change is None
    assert judged(series(bad, 30.0)).change is not None
