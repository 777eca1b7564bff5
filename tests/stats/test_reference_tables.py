"""Our numbers against the tables that established packages give (the reference folder)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from yardsticks.control_chart import p_chart
from yardsticks.funnel import funnel
from yardsticks.shrinkage import clayton_kaldor, local_marshall, marshall
from yardsticks.spatial import neighbour_weights
from yardsticks.trend import trend_test

from aftersales.stats.alarms.baseline import tail
from aftersales.stats.alarms.short_history import ears_limits
from aftersales.stats.counts.poisson import deviance, dispersion, solve_scores
from aftersales.stats.counts.shrinkage import gamma_poisson
from aftersales.stats.series.control_chart import overdispersion, u_chart
from aftersales.stats.series.season import decompose_season, deseasonalise
from aftersales.stats.series.seasonal_rate import harmonics

TREND = "trend_hotspot"


def test_control_charts_match_qcc(reference: Path):
    table = pd.read_csv(reference / TREND / "qcc_shewhart_limits.csv")
    for name, group in table.groupby("chart"):
        size = np.ones(len(group)) if name.startswith("c_") else group["size"]
        chart = (p_chart if name.startswith("p_") else u_chart)(group["x"], size, laney=False)
        frame = chart.to_frame()
        assert frame["centre"].tolist() == pytest.approx(group["center"].tolist(), abs=1e-6)
        assert frame["lower"].tolist() == pytest.approx(group["lcl"].tolist(), abs=1e-6)
        assert frame["upper"].tolist() == pytest.approx(group["ucl"].tolist(), abs=1e-6)
        assert frame["signal"].tolist() == (group["beyond"] == 1).tolist()


def test_laney_limits_match(reference: Path):
    table = pd.read_csv(reference / TREND / "laney_limits.csv")
    for name, group in table.groupby("chart"):
        chart = (p_chart if name.startswith("laney_p") else u_chart)(
            group["x"], group["size"], laney=True
        )
        assert chart.sigma_z == pytest.approx(group["sigma_z"].iloc[0], abs=1e-9)
        frame = chart.to_frame()
        for ours, theirs in (("centre", "center"), ("lower", "lcl"), ("upper", "ucl")):
            assert frame[ours].tolist() == pytest.approx(group[theirs].tolist(), abs=1e-9)
        assert frame["signal"].tolist() == (group["beyond"] == 1).tolist()


def test_overdispersion_test_matches_qcc(reference: Path):
    charts = pd.read_csv(reference / TREND / "qcc_shewhart_limits.csv").groupby("chart")
    wanted = pd.read_csv(reference / TREND / "qcc_overdispersion_test.csv").set_index("case")
    cases = {
        "pcmanufact poisson": ("u_pcmanufact", "poisson"),
        "circuit trial poisson": ("u_circuit_trial", "poisson"),
        "orangejuice trial binomial": ("p_orangejuice_trial", "binomial"),
    }
    for case, (chart, kind) in cases.items():
        group = charts.get_group(chart)
        found = overdispersion(group["x"], group["size"], kind=kind)
        row = wanted.loc[case]
        assert found.ratio == pytest.approx(row["ratio"], abs=1e-8)
        assert found.p == pytest.approx(row["pvalue"], rel=1e-4)


def test_season_of_nottingham_temperatures_matches_stl_in_r(reference: Path):
    # Seasonal strength 0.95973387; components of R's stl to 1e-6.
    table = pd.read_csv(reference / TREND / "stl_nottem_s7_t23_l13_jump1.csv")

    found = decompose_season(table["x"])

    assert found.seasonal_strength == pytest.approx(0.95973387, abs=1e-8)
    assert found.trend_strength == pytest.approx(0.2412083, abs=1e-7)
    assert np.abs(found.seasonal - table["seasonal"]).max() < 1e-6
    assert np.abs(found.trend - table["trend"]).max() < 1e-6
    assert found.supported


def test_periodic_season_of_nottingham_temperatures_matches_stl_in_r(reference: Path):
    # R's stl with s.window = "periodic"; the file has ten digits, so components to 2e-8.
    table = pd.read_csv(reference / TREND / "stl_nottem_periodic.csv")

    found = decompose_season(table["x"], periodic=True)

    assert found.seasonal_strength == pytest.approx(0.94383342, abs=1e-8)
    assert found.trend_strength == pytest.approx(0.205488, abs=1e-7)
    for part in ("seasonal", "trend", "remainder"):
        assert np.abs(getattr(found, part) - table[part]).max() < 2e-8


def test_robust_season_of_driver_deaths_matches_stl_in_r(reference: Path):
    table = pd.read_csv(reference / TREND / "stl_log_ukdriverdeaths_s7_robust.csv")

    found = decompose_season(table["x"], robust=True)

    assert found.seasonal_strength == pytest.approx(0.79766971, abs=1e-7)
    assert found.trend_strength == pytest.approx(0.76991251, abs=1e-7)
    assert np.abs(found.trend - table["trend"]).max() < 1e-6


def test_seatbelt_regression_matches_quasi_poisson_glm(reference: Path):
    # The library fits terms of its own; here the same design goes through its score equations.
    data = pd.read_csv(reference / TREND / "seatbelts_counts.csv")
    table = pd.read_csv(reference / TREND / "quasipoisson_driverskilled.csv")
    wanted = table[table["model"] == "DriversKilled"].set_index("term")["estimate"]
    t = data["i"].to_numpy()
    waves = harmonics(t, 12, order=2)
    x = np.column_stack([np.ones(t.size), t, waves, data["law"]])
    y, size = data["drivers_killed"].to_numpy(float), data["kms"].to_numpy(float)

    even = np.ones((1, t.size))
    (beta,), mu = solve_scores(x, y[None], size[None], even)

    order = ["(Intercept)", "t", "c1", "s1", "c2", "s2", "law"]
    assert beta.tolist() == pytest.approx(wanted[order].tolist(), abs=1e-6)
    noise = table["dispersion"].iloc[0]
    all_used, df = even > 0, np.array([t.size - 7])
    assert dispersion(y[None], mu, even, all_used, df) == pytest.approx(noise, abs=1e-6)
    se = np.sqrt(noise * np.diag(np.linalg.inv((x * mu.T).T @ x)))
    wanted = table.set_index("term")["se"]
    assert se.tolist() == pytest.approx(wanted[order].tolist(), abs=1e-6)
    spare = deviance(y[None], mu, even, all_used)
    assert spare == pytest.approx(table["deviance"].iloc[0], abs=1e-6)


def test_driver_deaths_are_seasonal_and_fall(reference: Path):
    data = pd.read_csv(reference / TREND / "seatbelts_counts.csv")

    assert deseasonalise(data["drivers_killed"], data["kms"]).attrs["supported"]
    assert trend_test(data["drivers_killed"], data["kms"]).high < 1


def test_scottish_lip_cancer_matches_clayton_kaldor(reference: Path):
    # Clayton and Kaldor 1987, Biometrics 43:671; DCluster's moments, SpatialEpi's likelihood.
    lip = pd.read_csv(reference / TREND / "scotland_lip.csv")

    moments = clayton_kaldor(lip["cases"], lip["expected"])
    likelihood = gamma_poisson(lip["cases"], lip["expected"])

    assert (moments.shape, moments.rate) == pytest.approx((1.644015826, 1.148839609), abs=1e-5)
    wanted = pd.read_csv(reference / TREND / "scotland_gamma_poisson_EB.csv")["EB"]
    assert moments.mean.tolist() == pytest.approx(wanted.tolist(), abs=1e-5)
    assert likelihood.shape == pytest.approx(1.879489974, abs=1e-5)
    assert np.log(likelihood.shape / likelihood.rate) == pytest.approx(0.3521065334, abs=1e-6)
    wanted = pd.read_csv(reference / TREND / "scotland_eBayes.csv")["RR_nocov"]
    assert likelihood.mean.tolist() == pytest.approx(wanted.tolist(), abs=1e-6)
    middle = gamma_poisson(lip["cases"], lip["expected"], level=1e-9).low  # the median
    wanted = pd.read_csv(reference / TREND / "scotland_eBayes.csv")["RRmed_nocov"]
    assert middle.tolist() == pytest.approx(wanted.tolist(), abs=1e-6)


def test_scottish_lip_cancer_matches_marshall(reference: Path):
    lip = pd.read_csv(reference / TREND / "scotland_lip.csv")
    wanted = pd.read_csv(reference / TREND / "scotland_EBest_marshall.csv")["EB"]

    assert marshall(lip["cases"], lip["expected"]).tolist() == pytest.approx(
        wanted.tolist(), abs=1e-7
    )


def test_funnel_of_scottish_lip_cancer_matches_spiegelhalter(reference: Path):
    lip = pd.read_csv(reference / TREND / "scotland_lip.csv")
    wanted = pd.read_csv(reference / TREND / "scotland_funnel.csv")

    found = funnel(lip["cases"], lip["expected"])

    assert (found.phi, found.tau2) == pytest.approx((3.89075328, 0.0800303955), abs=1e-8)
    chance = tail(lip["cases"].to_numpy(), lip["expected"].to_numpy(), np.ones(len(lip)))
    assert chance.tolist() == pytest.approx(wanted["p_upper_pois"].tolist(), rel=1e-4, abs=1e-12)
    for column, other in (("z", "z_additive"), ("low", "lo95_exact"), ("high", "hi95_exact")):
        assert found.table[column].tolist() == pytest.approx(wanted[other].tolist(), abs=1e-6)


def test_sudden_infant_deaths_match_dcluster_and_spdep(reference: Path):
    # North Carolina 1974-78: gamma-Poisson of DCluster, Marshall and probability map of spdep.
    births = pd.read_csv(reference / TREND / "nc_sids.csv")
    deaths = births["SID74"].to_numpy(float)
    rate = deaths.sum() / births["BIR74"].sum()
    expected = (births["BIR74"] * rate).to_numpy()
    bayes = pd.read_csv(reference / TREND / "nc_sids74_gamma_poisson_EB.csv")
    local = pd.read_csv(reference / TREND / "nc_sids74_local_stats.csv")
    chance = pd.read_csv(reference / TREND / "nc_sids74_probmap.csv")

    moments = clayton_kaldor(deaths, expected)

    wanted = bayes["nu"].iloc[0], bayes["alpha"].iloc[0]  # its iteration stops 2e-5 early
    assert (moments.shape, moments.rate) == pytest.approx(wanted, rel=3e-5)
    assert moments.mean.tolist() == pytest.approx(bayes["EB"].tolist(), abs=3e-5)
    pulled = marshall(deaths, expected) * rate
    assert pulled.tolist() == pytest.approx(local["EB_global"].tolist(), abs=1e-9)
    at_most = 1 - tail(deaths + 1, expected, np.ones(len(deaths)))
    assert at_most.tolist() == pytest.approx(chance["pmap"].tolist(), abs=1e-5)
    links = pd.read_csv(reference / TREND / "nc_sids_neighbours_CR85.csv") - 1
    near = neighbour_weights(links.to_numpy(), n=len(births))
    around = local_marshall(deaths, births["BIR74"], near)
    assert around.tolist() == pytest.approx(local["EB_local"].tolist(), abs=1e-9)


def test_ears_c3_of_salmonella_agona_is_that_of_the_package_but_for_its_own_count(reference: Path):
    # surveillance 1.20.3 puts the count of the week itself where the C2 mean belongs, and leaves
    # the 1 of "more than one sd" out: its bound is ours - mean - sd + count, not below 0. So it
    # alarms only where the two weeks before reach the quantile alone, and ours is -inf.
    table = pd.read_csv(reference / TREND / "agona_thresholds.csv")
    wanted = table[table["method"] == "earsC3"]
    counts = pd.read_csv(reference / TREND / "agona_counts.csv")["count"]
    week = wanted["t"].to_numpy() - 1
    count = counts.to_numpy()[week]

    ours = ears_limits(counts, method="C3", alpha=0.025)[week]

    mean_and_sd = ears_limits(counts, method="C2", alpha=stats.norm.sf(1))[week]
    theirs = np.maximum(ours - mean_and_sd + count, 0)
    alone = np.isneginf(ours)
    assert len(wanted) == 293
    assert theirs[~alone].tolist() == pytest.approx(wanted["upperbound"][~alone].tolist(), abs=1e-8)
    assert (alone & (count > 0)).tolist() == (wanted["alarm"] == 1).tolist()
