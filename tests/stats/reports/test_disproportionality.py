"""Pairs of product and event reported more often than expected, without exposure."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftersales.errors import DataError, RequestError
from aftersales.stats.reports.disproportionality import disproportionality
from aftersales.stats.reports.gamma_mixture import GammaMixture, fit_gamma_mixture
from aftersales.stats.reports.pair_counts import pair_counts

FOLDER = "root_cause/disproportionality"
CAERS = {"product": "var1", "event": "var2", "report": "id"}
TICKETS = {"product": "model", "event": "fault", "count": "n"}
tables = st.lists(st.lists(st.integers(0, 40), min_size=6, max_size=6), min_size=5, max_size=5)


@pytest.fixture(scope="module")
def caers(reference: Path):
    return judged(pd.read_csv(reference / FOLDER / "caers_2012_reports.csv"), **CAERS)


def judged(reports: pd.DataFrame, *, zeros: bool = False, **columns):
    pairs = pair_counts(reports, zeros=zeros, **columns)
    return disproportionality(pairs, zeros=zeros)


def crossed(numbers: list[list[int]]) -> pd.DataFrame:
    counts = np.array(numbers)
    model, fault = np.indices(counts.shape)
    return pd.DataFrame(
        {
            "model": [f"M{k}" for k in model.ravel()],
            "fault": [f"F{k}" for k in fault.ravel()],
            "n": counts.ravel(),
        }
    )


def planted(rng: np.random.Generator, *, ratio: float) -> pd.DataFrame:
    """40 models x 15 faults of unequal size; three pairs are `ratio` times as frequent."""
    mean = np.outer(rng.gamma(2, 1, 40), rng.gamma(2, 1, 15)) * 6
    for model, fault in ((3, 2), (17, 8), (30, 11)):
        mean[model, fault] = max(mean[model, fault], 5.0) * ratio
    return crossed(rng.poisson(mean).tolist())


def test_caers_prior_is_the_published_one(reference: Path):
    # openEBGM 0.9.1, vignette 4; likelihood of a mixture of two zero-truncated parts.
    table = pd.read_csv(reference / FOLDER / "expected_gps_hyperparameters.csv")
    wanted = table.query("fit == 'published_full'").set_index("parameter")["value"]
    pairs = pair_counts(pd.read_csv(reference / FOLDER / "caers_2012_reports.csv"), **CAERS)

    start = time.process_time()
    prior = fit_gamma_mixture(pairs["count"], pairs["expected"])
    seconds = time.process_time() - start

    found = (prior.shape1, prior.rate1, prior.shape2, prior.rate2, prior.share)
    names = ["alpha1", "beta1", "alpha2", "beta2", "P"]
    assert found == pytest.approx(tuple(wanted[names]), rel=5e-4)
    assert prior.neg_loglik <= 4162.46
    assert (prior.converged, prior.at_bound) == (True, False)
    assert prior.agreed == prior.starts
    assert seconds < 3


def test_caers_scores_are_the_published_ones(reference: Path, caers):
    wanted = pd.read_csv(reference / FOLDER / "expected_gps_scores.csv")
    both = wanted.merge(
        caers.table, left_on=["var1", "var2"], right_on=["product", "event"], how="left"
    )
    assert both["count"].tolist() == both["N"].tolist()
    assert both["expected"].tolist() == pytest.approx(both["E"].tolist(), abs=1e-8)
    for name in ("EB05", "EBGM", "EB95"):
        published = both[f"{name}_published"].tolist()
        assert both[name.lower()].tolist() == pytest.approx(published, abs=0.01)
    assert both["ratio"].tolist() == pytest.approx(both["RR"].tolist(), abs=0.005)
    assert both["prr"].tolist() == pytest.approx(both["PRR"].tolist(), abs=0.005)


def test_caers_summary_is_the_published_one(reference: Path, caers):
    table = pd.read_csv(reference / FOLDER / "expected_gps_summary.csv")
    wanted = table.set_index("quantity")["published_value"]
    scores = caers.table["ebgm"]
    assert len(caers.table) == wanted["pairs_with_N_ge_1"]
    assert caers.table["of_all"].iloc[0] == wanted["distinct_reports"]
    assert (caers.table["eb05"] >= 2).sum() == wanted["pairs_EB05_ge_2"]
    quartiles = scores.quantile([0, 0.25, 0.5, 0.75, 1]).tolist()
    names = ["EBGM_min", "EBGM_q1", "EBGM_median", "EBGM_q3", "EBGM_max"]
    assert quartiles == pytest.approx(wanted[names].tolist(), abs=0.01)
    assert scores.mean() == pytest.approx(wanted["EBGM_mean"], abs=0.002)


def test_the_table_of_seventeen_reports_is_the_published_one(reference: Path):
    # openEBGM 0.9.1, vignette 2: expectations without and with strata.
    reports = pd.read_csv(reference / FOLDER / "toy17_reports.csv")
    wanted = pd.read_csv(reference / FOLDER / "toy17_expected.csv")
    keys = {"left_on": ["var1", "var2"], "right_on": ["product", "event"]}

    plain = wanted.merge(judged(reports, **CAERS).table, **keys)
    within = judged(reports, **CAERS, strata=["strat1", "strat2"])
    stratified = wanted.merge(within.table, **keys)

    assert plain["count"].tolist() == wanted["N"].tolist()
    assert plain["expected"].tolist() == pytest.approx(wanted["E_unstratified"].tolist(), abs=1e-6)
    assert plain["prr"].tolist() == pytest.approx(wanted["PRR"].tolist(), abs=0.005)
    assert stratified["expected"].tolist() == pytest.approx(
        wanted["E_stratified"].tolist(), abs=1e-6
    )
    assert stratified["ratio"].tolist() == pytest.approx(wanted["RR_stratified"].tolist(), abs=5e-3)


def test_ratios_and_limits_are_those_worked_by_hand():
    # 20 of 100 reports of the product and 10 of 400 others name the event.
    table = crossed([[20, 80], [10, 390]])
    row = judged(table, **TICKETS).table.set_index(["product", "event"]).loc["M0", "F0"]

    assert row["prr"] == pytest.approx(8)
    wide = np.exp(1.959964 * np.sqrt(1 / 20 - 1 / 100 + 1 / 10 - 1 / 400))
    assert (row["prr_low"], row["prr_high"]) == pytest.approx((8 / wide, 8 * wide))
    assert row["ror"] == pytest.approx(20 * 390 / (80 * 10))
    assert row["chi2"] == pytest.approx(500 * (20 * 390 - 800 - 250) ** 2 / (100 * 400 * 30 * 470))
    assert row["ic"] == pytest.approx(np.log2(20.5 / 6.5))


def test_a_planted_pair_comes_first_and_nothing_else_is_a_signal(rng):
    found = judged(planted(rng, ratio=6.0), **TICKETS).signals()

    pairs = set(zip(found["product"], found["event"], strict=True))
    assert pairs == {("M3", "F2"), ("M17", "F8"), ("M30", "F11")}


@pytest.mark.slow
def test_nothing_is_a_signal_where_nothing_is_planted(rng):
    assert all(judged(planted(rng, ratio=1.0), **TICKETS).signals().empty for _ in range(5))


def test_a_ratio_is_infinite_when_no_other_product_has_the_event():
    table = judged(crossed([[9, 3], [0, 40]]), **TICKETS, zeros=True).table
    pairs = table.set_index(["product", "event"])
    only = pairs.loc["M0", "F0"]
    assert (only["prr"], only["prr_high"], only["ror"]) == (np.inf, np.inf, np.inf)
    assert 1 < only["prr_low"] < np.inf
    none = pairs.loc["M1", "F0"]
    assert (none["count"], none["prr"], none["prr_low"]) == (0, 0, 0)
    assert none["ic"] < 0


@pytest.mark.slow
def test_a_fashion_in_time_is_no_signal_within_its_month(rng):
    spring, autumn = np.full((6, 8), 100.0), np.full((6, 8), 100.0)
    autumn[:3] = 5  # half of the models are sold in spring only,
    spring[:, 0] *= 8  # when all of them have one fault more often
    parts = [
        crossed(rng.poisson(m).tolist()).assign(month=k) for k, m in enumerate((spring, autumn))
    ]
    table = pd.concat(parts)

    plain = judged(table, **TICKETS).table.set_index(["product", "event"])
    within = judged(table, **TICKETS, strata=["month"]).table
    within = within.set_index(["product", "event"])

    assert plain.loc["M0", "F0"]["ic_low"] > 0
    assert abs(within.loc["M0", "F0"]["ic"]) < 0.1


@pytest.mark.slow
@settings(max_examples=12)
@given(tables)
def test_names_and_row_order_do_not_matter(numbers):
    if np.count_nonzero(numbers) < 2:
        return
    table = crossed(numbers)
    shuffled = table.sample(frac=1, random_state=1).assign(model=lambda t: "x" + t["model"])
    one = judged(table, **TICKETS).table
    two = judged(shuffled, **TICKETS).table
    keys = ["product", "event"]
    one, two = one.sort_values(keys), two.sort_values(keys)
    for name in ("expected", "prr", "ror", "ic_low", "ebgm"):
        assert one[name].tolist() == pytest.approx(two[name].tolist(), rel=1e-3, nan_ok=True)


@given(tables)
def test_expected_reports_add_up_to_those_made(numbers):
    table = crossed(numbers)
    if table["n"].sum() == 0:
        return
    pairs = pair_counts(table, **TICKETS, zeros=True)
    assert pairs["expected"].sum() == pytest.approx(table["n"].sum())
    by_event = pairs.groupby("event")[["count", "expected"]].sum()
    assert by_event["expected"].tolist() == pytest.approx(by_event["count"].tolist())


@given(st.integers(0, 300), st.floats(0.01, 100), st.floats(0.05, 0.95))
def test_a_shrunken_ratio_lies_between_the_prior_and_the_raw_one(n, expected, share):
    prior = GammaMixture(3.3, 0.4, 2.0, 1.9, share)
    known = prior.posterior([n], [expected])
    means = (3.3 / 0.4, 2.0 / 1.9, n / expected)
    mean = float(
        (
            known.share * known.shape[0] / known.rate[0]
            + (1 - known.share) * known.shape[1] / known.rate[1]
        )[0]
    )
    assert min(means) - 1e-9 <= mean <= max(means) + 1e-9
    assert known.geometric_mean()[0] <= mean + 1e-9


@given(st.integers(0, 300), st.floats(0.001, 1000), st.floats(0.01, 0.99))
def test_a_quantile_has_the_probability_it_is_asked_for(n, expected, q):
    known = GammaMixture(3.3, 0.4, 2.0, 1.9, 0.2).posterior([n], [expected])
    assert known.cdf(known.quantile(q))[0] == pytest.approx(q, abs=1e-7)


def test_the_gradient_of_the_likelihood_is_its_slope():
    from aftersales.stats.reports.gamma_mixture import _Loss

    loss = _Loss(np.array([1.0, 2, 9]), np.array([0.3, 4, 2]), np.array([5.0, 1, 1]), False)
    at = np.array([0.3, -0.5, 1.0, 0.7, -1.0])
    for k, step in enumerate(np.eye(5) * 1e-6):
        slope = (loss(at + step)[0] - loss(at - step)[0]) / 2e-6
        assert loss(at)[1][k] == pytest.approx(slope, rel=1e-5)


@pytest.mark.slow
def test_a_prior_known_to_generate_the_counts_is_found_again(rng):
    expected = rng.gamma(1, 4, 40_000)
    first = rng.random(40_000) < 0.15
    ratio = np.where(first, rng.gamma(12, 0.5, 40_000), rng.gamma(6, 1 / 6, 40_000))
    count = rng.poisson(expected * ratio)
    prior = fit_gamma_mixture(count, expected, zeros=True)
    assert prior.converged
    assert prior.share == pytest.approx(0.15, abs=0.01)
    assert prior.shape1 / prior.rate1 == pytest.approx(6, rel=0.03)
    assert prior.shape2 / prior.rate2 == pytest.approx(1, rel=0.02)


def test_ratios_that_are_all_alike_have_a_narrow_prior(rng):
    expected = rng.gamma(4, 5, 400)
    prior = fit_gamma_mixture(rng.poisson(expected) + 0.0, expected, zeros=True)
    assert prior.converged
    assert prior.at_bound
    assert prior.mean == pytest.approx(1, abs=0.03)
    known = prior.posterior([40], [20.0])
    assert known.geometric_mean()[0] < 1.2
    assert known.quantile(0.05)[0] < 1.1


def test_few_pairs_have_no_prior_and_are_judged_by_their_information():
    found = judged(crossed([[60, 5, 5], [5, 60, 60]]), **TICKETS)
    assert found.prior is None
    assert found.table["ebgm"].isna().all()
    assert found.signals().iloc[0][["product", "event"]].tolist() == ["M0", "F0"]


def test_a_report_that_names_a_pair_twice_counts_once():
    reports = pd.DataFrame({"id": [1, 1, 2], "model": list("aab"), "fault": list("xxx")})
    pairs = pair_counts(reports, product="model", event="fault", report="id")
    assert pairs["count"].tolist() == [1, 1]
    assert pairs["of_event"].tolist() == [2, 2]


def test_what_cannot_be_counted_is_refused():
    table = crossed([[1, 2], [3, 4]])
    with pytest.raises(RequestError, match='no column "modle"; did you mean "model"'):
        pair_counts(table, product="modle", event="fault")
    with pytest.raises(RequestError, match="not both"):
        pair_counts(table, product="model", event="fault", count="n", report="n")
    moved = pd.DataFrame({"id": [1, 1], "m": list("ab"), "f": list("xy"), "s": [1, 2]})
    with pytest.raises(DataError, match="1 reports lie in more than one stratum"):
        pair_counts(moved, product="m", event="f", report="id", strata=["s"])
    with pytest.raises(DataError, match="at least two pairs"):
        fit_gamma_mixture([0, 3], [1.0, 1.0])
