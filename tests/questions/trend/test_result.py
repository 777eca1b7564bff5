import numpy as np
import pandas as pd
import pytest

from aftersales.profile.config import Target
from aftersales.questions.trend.result import trend

FEW = {"faults_per_1000": Target(min_n=50), "csat_rate": Target(min_n=30)}


def texts(result, kind):
    return [f.text for f in result.findings() if f.kind == kind]


def field(units, monthly_rows, *, tv, radio=(10,) * 36, region="CN-11"):
    """1,000 television sets and 1,000 radios since 2020, and their faults by month."""
    sets = pd.concat(
        [
            units(1000, prefix="t", product="tv", region=region),
            units(1000, prefix="r", product="radio", region=region),
        ]
    )
    cases = pd.concat(
        [
            monthly_rows(counts, ticket_type="fault", product=product, region=region)
            for product, counts in (("tv", tv), ("radio", radio))
        ]
    )
    return {"units": sets, "tickets": cases}


def test_a_rise_is_said_with_its_start_its_size_and_what_to_do(company, units, monthly_rows):
    tables = field(units, monthly_rows, tv=[20] * 31 + [50] * 5)
    result = trend(company(tables, targets=FEW), region="CN-11")
    (text,) = texts(result, "rise")
    assert text == (
        "Fault rate, product Television: 250 cases since Aug 2025, 2.50 times the 100 expected "
        "from its past (95 % interval 2.16–2.89). It came at once. See Root cause for what "
        "explains it."
    )
    rise = next(f for f in result.findings() if f.kind == "rise")
    assert rise.severity == "act"
    assert dict(rise.subject) == {"product": "tv"}
    assert rise.estimate == pytest.approx(50.0)  # per 1,000 unit-months
    assert rise.baseline == pytest.approx(20.0)
    assert rise.low < rise.estimate < rise.high
    assert rise.excess == pytest.approx(150)
    assert rise.n == pytest.approx(5000)
    assert rise.q < 0.001
    assert rise.evidence in ("B", "C")


def test_the_whole_that_rose_by_one_of_its_parts_is_counted_and_not_said(
    company, units, monthly_rows
):
    tables = field(units, monthly_rows, tv=[20] * 31 + [50] * 5)
    result = trend(company(tables, targets=FEW), region="CN-11")
    assert texts(result, "more") == [
        "1 more series is above its past: a part or a sum of those named, or a smaller rise. It is "
        "in the table below."
    ]
    assert texts(result, "rest") == ["The other series gives no reason to act (of 3 judged)."]


def test_a_jump_of_one_month_is_said_as_that(company, units, monthly_rows):
    tables = field(units, monthly_rows, tv=[20] * 35 + [60])
    result = trend(company(tables, targets=FEW), region="CN-11")
    assert texts(result, "rise") == [
        "Fault rate, product Television: 60 cases in Dec 2025, 3.00 times the 20 expected from its "
        "past (95 % interval 2.29–3.88). Find out what happened that month."
    ]


def test_the_first_cases_of_a_product_are_said_without_a_ratio(company, units, monthly_rows):
    tables = field(units, monthly_rows, tv=[0] * 33 + [12] * 3)
    result = trend(company(tables, targets=FEW), region="CN-11")
    assert texts(result, "rise")[0] == (
        "Fault rate, product Television: 36 cases since Oct 2025, and none in its past. See Root "
        "cause for what explains it."
    )


def test_a_quiet_company_gets_one_sentence_for_all_series(company, units, monthly_rows):
    rng = np.random.default_rng(3)
    tables = field(units, monthly_rows, tv=rng.poisson(20, 36), radio=rng.poisson(10, 36))
    result = trend(company(tables, targets=FEW), region="CN-11")
    assert texts(result, "rise") == []
    assert texts(result, "rest") == [
        "All 3 series judged stay within what is expected from their own past."
    ]
    assert not [f for f in result.findings() if f.severity in ("act", "watch")]


def test_one_series_alone_is_said_in_the_singular(company, monthly_rows):
    result = trend(company({"tickets": monthly_rows([20] * 36)}), region="CN")
    assert texts(result, "rest") == [
        "The only series judged stays within what is expected from its own past."
    ]


def test_a_fall_is_told_with_a_warning(company, units, monthly_rows):
    tables = field(units, monthly_rows, tv=[40] * 30 + [10] * 6)
    result = trend(company(tables, targets=FEW), region="CN-11")
    assert texts(result, "fall") == [
        "Clearly below its past: Fault rate, product Television (0.25 times the expected since Jul "
        "2025). Check that no cases are missing before calling it an improvement."
    ]


def test_counts_are_said_per_month_and_without_a_denominator(company, monthly_rows):
    store = company({"tickets": monthly_rows([20] * 31 + [50] * 5)})
    result = trend(store)
    assert texts(result, "level") == [
        "Tickets in Dec 2025: 50.0 tickets (95 % interval 37.1–65.9); a year before it was 20.0 "
        "tickets."
    ]
    rise = next(f for f in result.findings() if f.kind == "rise")
    assert rise.n is None
    assert rise.estimate == pytest.approx(50.0)  # tickets a month


def test_a_region_is_compared_with_its_siblings_and_with_the_company(company, units, monthly_rows):
    parts = [
        field(units, monthly_rows, tv=[tv] * 36, region=r)
        for r, tv in (("CN-11", 40), ("CN-12", 20), ("CN-44", 10))
    ]
    tables = {name: pd.concat([p[name] for p in parts]) for name in ("units", "tickets")}
    tables["units"]["unit_id"] = [f"u{i}" for i in range(len(tables["units"]))]
    store = company(tables, targets=FEW)
    beijing = trend(store, region="CN-11")
    assert texts(beijing, "against_parent") == [
        "Over the last 12 months Beijing had 1.67 times the rate of the rest of North (95 % "
        "interval 1.46–1.90) and 2.00 times that of the rest of the company (1.78–2.24), not "
        "adjusted for its products and their age; see Hotspot."
    ]
    assert texts(beijing, "against_company") == []  # told with the parent's
    north = trend(store, region="CN-N")
    assert texts(north, "against_parent") == []  # its parent is the company
    assert texts(north, "against_company") == [
        "Over the last 12 months North had 2.00 times the rate of the rest of the company (95 % "
        "interval 1.73–2.31), not adjusted for its products and their age; see Hotspot."
    ]
    assert texts(trend(store), "against_company") == []


def test_a_share_that_is_good_when_high_is_judged_by_its_misses(company, monthly_rows):
    good = [monthly_rows([90] * 30 + [60] * 6, time="answered_at", score=5.0)]
    bad = [monthly_rows([10] * 30 + [40] * 6, time="answered_at", score=1.0)]
    surveys = pd.concat(good + bad).assign(instrument="csat")
    result = trend(company({"surveys": surveys}, targets=FEW))
    (rise,) = [f for f in result.findings() if f.kind == "rise"]
    assert rise.text == (
        "Customer satisfaction (top two boxes): misses, China: 240 cases since Jul 2025, 4.00 "
        "times the 60 expected from its past (95 % interval 3.37–4.74). It came at once. See Root "
        "cause for what explains it."
    )
    assert (rise.severity, rise.estimate, rise.baseline) == ("act", 0.4, pytest.approx(0.1))


def test_a_share_is_judged_by_the_difference_its_target_names(company, monthly_rows):
    good = monthly_rows([990] * 30 + [980] * 6, time="answered_at", score=5.0)
    bad = monthly_rows([10] * 30 + [20] * 6, time="answered_at", score=1.0)
    surveys = pd.concat([good, bad]).assign(instrument="csat")
    targets = {"csat_rate": Target(act_difference=0.10, watch_difference=0.05)}
    result = trend(company({"surveys": surveys}, targets=targets))
    assert result.to_frame()["ratio"].iloc[0] == pytest.approx(2.0)
    assert result.to_frame()["severity"].tolist() == ["ok"]  # one point of a hundred


def test_missing_tables_and_empty_ones_are_an_unknown_finding(company):
    nothing = trend(company({}))
    assert [(f.severity, f.text) for f in nothing.findings()] == [
        (
            "unknown",
            "Not judged: this profile has no table tickets. Map it in sources.yaml to answer this.",
        )
    ]
    empty = pd.DataFrame({"opened_at": pd.to_datetime([]).as_unit("us"), "ticket_type": []})
    result = trend(company({"tickets": empty.astype({"ticket_type": "str"})}))
    assert {f.severity for f in result.findings()} <= {"unknown", "ok"}
    assert texts(result, "too_few") == ["No series has enough cases and enough past to be judged."]
    for draw in (result.plot, result.plot_chart, result.plot_season, result.plot_mix):
        draw()


def test_a_region_without_rows_is_unknown_and_draws(company, units, monthly_rows):
    store = company(field(units, monthly_rows, tv=[20] * 36), targets=FEW)
    result = trend(store, region="CN-44")
    assert "act" not in {f.severity for f in result.findings()}
    for draw in (result.plot, result.plot_chart, result.plot_season, result.plot_mix):
        draw()


def test_a_first_year_is_too_short_and_says_so(company, units, monthly_rows):
    sets = units(1000, since="2025-03-15", product="tv", region="CN-11")
    cases = monthly_rows([30] * 9, ticket_type="fault", product="tv", region="CN-11")
    result = trend(company({"units": sets, "tickets": cases}, targets=FEW), region="CN-11")
    assert texts(result, "too_few") == ["No series has enough cases and enough past to be judged."]


def test_an_as_of_in_the_middle_of_a_month_judges_up_to_the_month_before(
    company, units, monthly_rows
):
    tables = field(units, monthly_rows, tv=[20] * 35 + [900])
    store = company(tables, targets=FEW)
    result = trend(store, region="CN-11", as_of=pd.Timestamp("2025-12-20"))
    assert texts(result, "rise") == []
    assert result.monthly["month"].iloc[-1] == pd.Timestamp("2025-11-01")


def test_the_change_over_a_year_is_split_with_the_interval_of_the_rate_part(
    company, units, monthly_rows
):
    tables = field(units, monthly_rows, tv=[20] * 24 + [30] * 12)
    result = trend(company(tables, targets=FEW), region="CN-11")
    assert [f.text for f in result.mix_findings()] == [
        "Against the 12 months before, the rate changed by +5.00 per 1,000 unit-months: +5.00 "
        "because the groups' own rates changed (95 % interval +2.63 to +7.37), +0 because the mix "
        "of the groups did."
    ]
    assert {"all together", "Television"} <= set(result.series_table()["product"])


def test_a_month_below_min_n_is_not_shown(company, monthly_rows):
    surveys = monthly_rows([40] * 35 + [5], time="answered_at", score=5.0, instrument="csat")
    result = trend(company({"surveys": surveys}, targets=FEW))
    assert texts(result, "level") == []


def test_months_below_min_n_are_blank_in_figures(company, monthly_rows):
    surveys = monthly_rows([40] * 35 + [5], time="answered_at", score=5.0, instrument="csat")
    result = trend(company({"surveys": surveys}, targets=FEW))
    line = result.plot().lines[0]
    assert np.isnan(line.get_ydata()[-1])
    assert np.isfinite(line.get_ydata()[:-1]).all()
    result.plot_chart()
