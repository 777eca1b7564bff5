"""Our numbers against published ones, each with its source and the precision it was printed to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from yardsticks.control_chart import individuals_chart, p_chart
from yardsticks.ewma import cusum_chart, ewma_chart, sample_sd
from yardsticks.odds import odds_ratios
from yardsticks.survival import compare_durations, kaplan_meier, km_quantile

from aftersales.stats.counts.intervals import (
    nps,
    poisson_exact,
    proportion_difference,
    rate_ratio,
    wilson,
)
from aftersales.stats.counts.multiplicity import benjamini_hochberg
from aftersales.stats.like.mantel_haenszel import stratified_ratios
from aftersales.stats.maps.scan import scan
from aftersales.stats.series.change_point import change_points
from aftersales.stats.series.control_chart import u_chart
from aftersales.stats.series.season import decompose_season

PUBLISHED = Path(__file__).parent / "published"


@pytest.mark.parametrize(
    ("hits", "n", "interval"),
    [
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0000, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ],
)
def test_wilson_interval_matches_newcombe_1998(hits, n, interval):
    # Newcombe 1998, Stat. Med. 17:857, table I, method 3 (score); printed to 4 decimals.
    assert wilson(hits, n) == pytest.approx(interval, abs=5e-5)


@pytest.mark.parametrize(
    ("first", "other", "interval"),
    [
        ((56, 70), (48, 80), (0.0524, 0.3339)),
        ((9, 10), (3, 10), (0.1705, 0.8090)),
        ((10, 10), (0, 20), (0.6791, 1.0000)),
        ((0, 10), (0, 20), (-0.1611, 0.2775)),
    ],
)
def test_difference_of_proportions_matches_newcombe_1998(first, other, interval):
    # Newcombe 1998, Stat. Med. 17:873, table II, method 10; printed to 4 decimals.
    found = proportion_difference(*first, *other)

    assert (found.low, found.high) == pytest.approx(interval, abs=5e-5)


@pytest.mark.parametrize(
    ("count", "interval"),
    [(0, (0.0, 3.6889)), (1, (0.0253, 5.5716)), (5, (1.6235, 11.6683)), (10, (4.7954, 18.3904))],
)
def test_poisson_interval_matches_the_tables_after_garwood(count, interval):
    # Garwood 1936, Biometrika 28:437; to 4 decimals in Ulm 1990, Am. J. Epidemiol. 131:373.
    assert poisson_exact(count) == pytest.approx(interval, abs=5e-5)


def test_rate_ratio_matches_the_breast_cancer_example():
    # Boice and Monson 1977, in Rothman 1986, Modern Epidemiology: 41 cases in 28,010 woman-years
    # with, 15 in 19,017 without fluoroscopy; ratio 1.86, mid-p interval 1.04 to 3.45 (OpenEpi).
    found = rate_ratio(41, 28010, 15, 19017, mid_p=True)

    assert tuple(found)[:3] == pytest.approx((1.86, 1.04, 3.45), abs=5e-3)


def test_score_interval_of_nps_is_the_one_of_tango_1998():
    # Tango 1998, Stat. Med. 17:891: paired difference with 12 and 2 discordant of 50 pairs. The
    # bounds are where the score statistic with its restricted estimate is 1.96.
    _, low, high = nps(12, 36, 2)

    for difference in (low / 100, high / 100):
        grid = np.linspace(max(0, -difference), 1, 400_001)[1:-1]
        up, rest = grid + difference, 1 - 2 * grid - difference
        inside = (up > 0) & (rest > 0)
        grid, up, rest = grid[inside], up[inside], rest[inside]
        best = grid[np.argmax(12 * np.log(up) + 2 * np.log(grid) + 36 * np.log(rest))]
        spread = np.sqrt(50 * (2 * best + difference - difference**2))
        assert abs(12 - 2 - 50 * difference) / spread == pytest.approx(1.95996, abs=1e-4)


def test_false_discovery_rate_matches_benjamini_and_hochberg_1995():
    # Benjamini and Hochberg 1995, J. R. Stat. Soc. B 57:289, section 3.2: fifteen p-values of a
    # trial, of which four are rejected at 0.05.
    p = [
        *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344),
        *(0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000),
    ]

    q = benjamini_hochberg(p)

    assert (q <= 0.05).sum() == 4
    assert q[:4] == pytest.approx([0.0015, 0.0030, 0.0095, 0.035625])


def test_individuals_chart_matches_the_nist_flow_rate_example():
    # NIST/SEMATECH e-Handbook of Statistical Methods, section 6.3.2.2; printed to 4 decimals.
    flow = pd.Series([49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1])

    chart = individuals_chart(flow, measure="Flow rate", unit="l/min", good="high")

    assert (chart.lower, chart.centre, chart.upper) == pytest.approx(
        (45.8159, 50.81, 55.8041), abs=5e-5
    )


WAFERS = [  # NIST/SEMATECH e-Handbook, section 6.3.3.2: defective chips of 50 on each of 30 wafers
    *(12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22),
    *(8, 10, 5, 13, 11, 20, 18, 24, 15, 9, 12, 7, 13, 9, 6),
]


def test_p_chart_matches_the_nist_wafer_example():
    # Section 6.3.3.2 prints the limits 0.0524 and 0.4102 around 0.2313.
    chart = p_chart(WAFERS, [50] * 30, laney=False)

    assert chart.centre == pytest.approx(0.23133, abs=5e-6)
    assert chart.lower.iloc[0] == pytest.approx(0.0524, abs=5e-5)
    assert chart.upper.iloc[0] == pytest.approx(0.4102, abs=5e-5)
    assert chart.signals["period"].tolist() == [14, 22]


def test_laney_chart_widens_the_limits_of_the_wafers_until_none_is_outside():
    # Laney 2002, Quality Engineering 14:531, applied to the same data: sigma_z 1.66087.
    chart = p_chart(WAFERS, [50] * 30)

    assert (chart.kind, chart.sigma_z) == ("p'", pytest.approx(1.66087, abs=5e-6))
    assert chart.signals.empty
    assert chart.overdispersion.ratio == pytest.approx(2.94514894, abs=1e-8)


def test_chart_of_counts_matches_the_nist_wafer_defects():
    # NIST/SEMATECH e-Handbook, section 6.3.3.1: 400 defects on 25 wafers, limits 4 and 28.
    defects = [16, 14, 28, 16, 12, 20, 10, 12, 10, 17, 19, 17, 14, 16, 15, 13, 14, 16, 11, 20]
    chart = u_chart([*defects, 11, 19, 16, 31, 13], np.ones(25), laney=False)

    assert chart.centre == 16
    assert (chart.lower.iloc[0], chart.upper.iloc[0]) == (4, 28)
    assert chart.signals["value"].tolist() == [31]


CIRCUIT = [  # Montgomery, table 7.7: nonconformities on samples of 100 circuit boards
    *(21, 24, 16, 12, 15, 5, 28, 20, 31, 25, 20, 24, 16),
    *(19, 10, 17, 13, 22, 18, 39, 30, 24, 16, 19, 17, 15),
]


def test_rate_chart_has_the_published_limits_of_the_circuit_boards():
    # Montgomery, Introduction to Statistical Quality Control, example on printed circuit boards;
    # R package qcc prints the same limits per board, and samples 6 and 20 beyond them.
    chart = u_chart(CIRCUIT, [100] * 26, laney=False)

    limits = chart.centre, chart.upper.iloc[0], chart.lower.iloc[0]
    assert limits == pytest.approx((0.19846, 0.33211, 0.06481), abs=5e-6)
    assert (chart.signals["period"] + 1).tolist() == [6, 20]


def test_laney_chart_of_the_computers_is_close_to_the_plain_one():
    # Laney 2002, Quality Engineering 14:531, on the computers of Montgomery: sigma_z 1.06643.
    found = [10, 12, 8, 14, 10, 16, 11, 7, 10, 15, 9, 5, 7, 11, 12, 6, 8, 10, 7, 5]
    chart = u_chart(found, [5] * 20, laney=True)

    assert (chart.centre, chart.sigma_z) == pytest.approx((1.93, 1.06643), abs=5e-6)
    assert chart.signals.empty


def test_charts_with_a_memory_find_the_shift_of_the_piston_rings():
    # qcc 2.7 on Montgomery's piston rings: EWMA (weight .2) and CUSUM (5 standard errors, shift
    # of 1) are beyond their limits in samples 37 to 40.
    samples = pd.DataFrame(np.loadtxt(PUBLISHED / "piston_rings.txt"))
    sd = sample_sd(samples.iloc[:25]) / np.sqrt(5)
    for chart in (ewma_chart, cusum_chart):
        found = chart(samples.mean(axis=1), sd=sd, baseline=25)
        assert (found.signals["period"] + 1).tolist() == [37, 38, 39, 40]


def test_season_of_nottingham_temperatures_has_the_strength_that_r_gives():
    # R 4.2.2, stl(nottem, s.window = 7, t.window = 23): 0.95973387, 0.2412083.
    found = decompose_season(pd.Series(np.loadtxt(PUBLISHED / "nottingham.txt").ravel()))

    assert found.seasonal_strength == pytest.approx(0.959734, abs=5e-7)
    assert found.trend_strength == pytest.approx(0.241208, abs=5e-7)
    assert found.supported


def test_flow_of_the_nile_changes_once_after_1898():
    # strucchange 1.5-3 (R): one break, after observation 28, 95 % interval 25 to 32.
    found = change_points(
        pd.Series(np.loadtxt(PUBLISHED / "nile.txt").ravel()), cost="normal"
    ).changes

    dates = found[["position", "position_low", "position_high"]]
    assert dates.to_numpy().tolist() == [[28, 25, 32]]


@pytest.mark.parametrize(
    ("inside", "total", "llr"),
    [
        # Lung cancer in Pennsylvania 2002 (SpatialEpi, smerc): 7 counties by population, 2
        # counties by age, sex and race; totals 12,281,054 people, 10,279 cases.
        ((2359, 2399367), (10279, 12281054), 36.53861581),
        ((1900, 1673.648667), (10279, 10279), 17.66288317),
        # Leukemia in New York (Kulldorff's example; SaTScan, smerc): 26 tracts.
        ((85, 95249), (552, 1057673), 11.577255),
    ],
)
def test_likelihood_ratio_of_a_cluster_is_the_one_of_satscan(inside, total, llr):
    # The two zones stand for the places inside and outside the published cluster.
    rest = [whole - part for part, whole in zip(inside, total, strict=True)]
    cases, expected = zip(inside, rest, strict=True)

    found = scan(cases, expected, simulations=99, seed=1).clusters

    assert found["llr"].iloc[0] == pytest.approx(llr, abs=1e-6)


def test_berkeley_admissions_lose_their_difference_once_departments_are_held_equal():
    # Bickel, Hammel and O'Connell 1975, Science 187:398: crude odds ratio of men 1.84; within
    # departments it vanishes (Mantel-Haenszel 0.9047).
    men = {"A": (512, 313), "B": (353, 207), "C": (120, 205), "D": (138, 279)}
    women = {"A": (89, 19), "B": (17, 8), "C": (202, 391), "D": (131, 244)}
    men |= {"E": (53, 138), "F": (22, 351)}
    women |= {"E": (94, 299), "F": (24, 317)}
    rows = [
        (gender, dept, no, yes + no)
        for gender, group in (("men", men), ("women", women))
        for dept, (yes, no) in group.items()
    ]
    table = pd.DataFrame(rows, columns=["gender", "dept", "rejected", "applied"])

    asked = {"count": "rejected", "exposure": "applied", "attribute": "gender"}
    crude, fair = (
        stratified_ratios(table, **asked, strata=held).set_index("value").loc["women"]
        for held in ([], ["dept"])
    )
    assert crude["ratio"] == pytest.approx((1278 / 1835) / (1493 / 2691), abs=1e-9)
    assert fair["low"] < 1 < fair["high"]
    assert 0.9 < fair["ratio"] < 1.05
    odds = odds_ratios(
        table.assign(admitted=table["applied"] - table["rejected"]),
        **{"hits": "admitted", "trials": "applied", "strata": ["dept"]},
        **{"attribute": "gender", "value": "men"},
    )
    assert (odds.crude, odds.ratio) == pytest.approx((1.84108, 0.9046968), abs=5e-6)
    assert odds.breslow_day == pytest.approx(18.825514, abs=5e-7)


LEUKEMIA = (  # Freireich et al. 1963, Blood 21:699: weeks of remission; False = still in remission
    [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35],
    [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0],
)
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def test_kaplan_meier_matches_the_leukemia_remissions():
    # Kalbfleisch and Prentice 2002, section 1.1; the estimate as printed in textbooks, 3 decimals.
    curve = kaplan_meier(*LEUKEMIA)

    assert curve["time"].tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert curve["survival"].tolist() == pytest.approx(
        [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448], abs=5e-4
    )
    assert km_quantile(*LEUKEMIA, 0.5)[0] == 23
    assert km_quantile(PLACEBO, [True] * 21, 0.5)[0] == 8


def test_log_rank_test_matches_the_leukemia_remissions():
    # Log-rank chi-square 16.79 on 1 degree of freedom (Kleinbaum and Klein, Survival Analysis).
    from scipy import stats

    found = compare_durations(*LEUKEMIA, PLACEBO, [True] * 21)

    assert stats.chi2.isf(found.p, 1) == pytest.approx(16.79, abs=5e-3)
