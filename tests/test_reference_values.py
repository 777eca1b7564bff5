"""Our numbers against published ones, each with its source and the precision it was printed to."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from aftersales.stats.control_chart import individuals_chart, p_chart, u_chart
from aftersales.stats.intervals import (
    nps,
    poisson_exact,
    proportion_difference,
    rate_ratio,
    wilson,
)
from aftersales.stats.multiplicity import benjamini_hochberg
from aftersales.stats.regression import rate_model
from aftersales.stats.survival import compare_durations, kaplan_meier, km_quantile


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


def test_rate_chart_has_the_published_limits_of_the_circuit_boards():
    # Montgomery, Introduction to Statistical Quality Control, example on printed circuit boards:
    # 516 nonconformities on 26 samples of 100; R package qcc prints the same limits per board.
    chart = u_chart([516, *[0] * 25], [100] * 26, laney=False)

    limits = chart.centre, chart.upper.iloc[0], chart.lower.iloc[0]
    assert limits == pytest.approx((0.19846, 0.33211, 0.06481), abs=5e-6)


def test_ship_damage_matches_mccullagh_and_nelder_1989():
    # Generalized Linear Models, 6.3.2: log-linear model of damage per month of service, with
    # dispersion 1.69; estimates to 6 decimals from glm in R.
    columns = ["type", "year", "period", "service", "incidents"]
    ships = pd.DataFrame(SHIPS, columns=columns)

    model = rate_model(ships, count="incidents", exposure="service", terms=columns[:3])

    found = model.coefficients.set_index(["attribute", "value"])["estimate"]
    wanted = {
        ("(intercept)", ""): -6.405902,
        ("type", "B"): -0.543344,
        ("type", "C"): -0.687402,
        ("type", "D"): -0.075961,
        ("type", "E"): 0.325579,
        ("year", "65"): 0.697140,
        ("year", "70"): 0.818427,
        ("year", "75"): 0.453427,
        ("period", "75"): 0.384467,
    }
    assert {key: found[key] for key in wanted} == pytest.approx(wanted, abs=1e-6)
    assert model.dispersion == pytest.approx(1.69101, abs=1e-5)
    assert (model.df, model.deviance) == (25, pytest.approx(38.695052, abs=1e-6))
    se = model.coefficients.set_index(["attribute", "value"])["se"]
    assert se["type", "B"] / np.sqrt(model.dispersion) == pytest.approx(0.17759, abs=1e-5)


SHIPS = [  # McCullagh and Nelder 1989, table 6.2: type, built, operated, months, incidents
    *[("A", 60, 60, 127, 0), ("A", 60, 75, 63, 0), ("A", 65, 60, 1095, 3), ("A", 65, 75, 1095, 4)],
    *[("A", 70, 60, 1512, 6), ("A", 70, 75, 3353, 18), ("A", 75, 60, 0, 0)],
    *[("A", 75, 75, 2244, 11), ("B", 60, 60, 44882, 39), ("B", 60, 75, 17176, 29)],
    *[("B", 65, 60, 28609, 58), ("B", 65, 75, 20370, 53), ("B", 70, 60, 7064, 12)],
    *[("B", 70, 75, 13099, 44), ("B", 75, 60, 0, 0), ("B", 75, 75, 7117, 18)],
    *[("C", 60, 60, 1179, 1), ("C", 60, 75, 552, 1), ("C", 65, 60, 781, 0), ("C", 65, 75, 676, 1)],
    *[("C", 70, 60, 783, 6), ("C", 70, 75, 1948, 2), ("C", 75, 60, 0, 0), ("C", 75, 75, 274, 1)],
    *[("D", 60, 60, 251, 0), ("D", 60, 75, 105, 0), ("D", 65, 60, 288, 0), ("D", 65, 75, 192, 0)],
    *[("D", 70, 60, 349, 2), ("D", 70, 75, 1208, 11), ("D", 75, 60, 0, 0)],
    *[("D", 75, 75, 2051, 4), ("E", 60, 60, 45, 0), ("E", 60, 75, 0, 0), ("E", 65, 60, 789, 7)],
    *[("E", 65, 75, 437, 7), ("E", 70, 60, 1157, 5), ("E", 70, 75, 2161, 12)],
    *[("E", 75, 60, 0, 0), ("E", 75, 75, 542, 1)],
]


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

    model = rate_model(table, count="rejected", exposure="applied", terms=["gender", "dept"])

    women_row = model.effects.query("value == 'women'").iloc[0]
    assert women_row["crude_ratio"] == pytest.approx((1278 / 1835) / (1493 / 2691), abs=1e-9)
    assert women_row["low"] < 1 < women_row["high"]
    assert 0.9 < women_row["ratio"] < 1.05


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
