"""The sentences about the main rate, from facts written by hand: dates, level, season, mix."""

import numpy as np
import pandas as pd
import pytest

from aftersales.questions.trend import date_words, level_words
from aftersales.stats.like.rate_and_mix import RateAndMix
from aftersales.stats.series.season import Season
from aftersales.studies.series.outlook import Outlook

MONTHS = pd.date_range("2024-12-01", periods=13, freq="MS")
RATES = pd.DataFrame({"month": MONTHS, "bad": 30.0, "n": 1500.0, "rate": 20.0})
RATES = RATES.assign(rate_low=14.0, rate_high=28.0)


def texts(findings, kind):
    return [f.text for f in findings if f.kind == kind]


def change(start, ratio=1.5, shape="jump"):
    day = pd.Timestamp(start)
    span = {"start": day, "start_low": day, "start_high": day + pd.Timedelta(days=30)}
    size = {"ratio": ratio, "ratio_low": 1.2, "ratio_high": 1.9, "p": 0.001}
    return span | size | {"shape": shape}


STEP = "about {} (95 % interval {} to {}), to 1.50 times the level before (1.20–1.90)"
FIRST = STEP.format("2024-03-01", "2024-03-01", "2024-03-31")
SECOND = STEP.format("2025-06-01", "2025-06-01", "2025-07-01")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            [],
            "Fault rate: no change of level, season taken out; no step is larger than chance "
            "gives.",
        ),
        (
            [change("2024-03-01")],
            f"Fault rate: the level changed once, season taken out: {FIRST}.",
        ),
        (
            [change("2024-03-01"), change("2025-06-01")],
            f"Fault rate: the level changed 2 times, season taken out: {FIRST}; {SECOND}.",
        ),
        (
            [change("2024-03-01", shape="creep")],
            "Fault rate: creeping up, season taken out. Since about Mar 2024 it is 1.50 times what "
            "it was before (95 % interval 1.20–1.90), without one date at which it jumped.",
        ),
        (
            [change("2024-03-01", ratio=0.7, shape="creep")],
            "Fault rate: creeping down, season taken out. Since about Mar 2024 it is 0.70 times "
            "what it was before (95 % interval 1.20–1.90), without one date at which it dropped.",
        ),
    ],
)
def test_changes_of_level_are_dated(changes, said, facts_of):
    found = date_words.findings(facts_of(monthly=RATES, main_changes=pd.DataFrame(changes)))
    assert texts(found, "change_point") + texts(found, "no_change") == [said]


def test_the_forecast_names_each_month_or_what_it_takes(facts_of):
    ahead = pd.date_range("2026-01-01", periods=2, freq="MS")
    table = pd.DataFrame({"month": ahead, "rate": 21.0, "rate_low": 15.0, "rate_high": 29.0})
    found = date_words.findings(facts_of(monthly=RATES, outlook=Outlook(table, "season")))
    assert texts(found, "forecast") == [
        "Fault rate, forecast if nothing changes (per 1,000 unit-months, with 95 % prediction "
        "intervals): Jan 2026 21.0 (15.0–29.0); Feb 2026 21.0 (15.0–29.0)."
    ]
    assert texts(date_words.findings(facts_of(monthly=RATES)), "forecast") == [
        "Fault rate: no forecast, which takes two years of history and 30 cases."
    ]
    assert date_words.findings(facts_of()) == []


@pytest.mark.parametrize(
    ("monthly", "said"),
    [
        (
            RATES,
            "Fault rate in Dec 2025: 20.0 per 1,000 unit-months (95 % interval 14.0–28.0, n = "
            "1,500); a year before it was 20.0 per 1,000 unit-months.",
        ),
        (
            RATES.tail(3),
            "Fault rate in Dec 2025: 20.0 per 1,000 unit-months (95 % interval 14.0–28.0, n = "
            "1,500).",
        ),
    ],
)
def test_the_last_month_is_said_beside_that_of_the_year_before(monthly, said, facts_of):
    assert texts(level_words.findings(facts_of(monthly=monthly)), "level") == [said]


def peer(of, ratio):
    sizes = {"cases": 30.0 * ratio, "at_risk": 1500.0, "expected": 30.0, "excess": np.nan}
    return {"of": of, **sizes, "ratio": ratio, "low": 1.1, "high": 2.9, "p": 0.01, "evidence": "C"}


UNADJUSTED = ", not adjusted for its products and their age; see Hotspot."


@pytest.mark.parametrize(
    ("peers", "kind", "said"),
    [
        (
            [peer("company", 1.8)],
            "against_company",
            "1.80 times the rate of the rest of the company (95 % interval 1.10–2.90)",
        ),
        (
            [peer("parent", 1.4)],
            "against_parent",
            "1.40 times the rate of the rest of North (95 % interval 1.10–2.90)",
        ),
        (
            [peer("parent", 1.4), peer("company", 1.8)],
            "against_parent",
            "1.40 times the rate of the rest of North (95 % interval 1.10–2.90) and 1.80 times "
            "that of the rest of the company (1.10–2.90)",
        ),
    ],
)
def test_the_last_year_is_held_against_its_peers(peers, kind, said, facts_of):
    (found,) = level_words.findings(facts_of(peers=pd.DataFrame(peers)))
    assert found.text == "Over the last 12 months Beijing had " + said + UNADJUSTED
    assert (found.kind, found.baseline, found.n, found.excess) == (kind, 20.0, 1500, None)
    assert found.estimate == pytest.approx(20.0 * peers[0]["ratio"])


def test_a_season_is_said_with_its_peak(facts_of):
    wave = pd.Series(np.cos(2 * np.pi * (np.arange(13) - 7) / 12), index=MONTHS)
    seasonal = Season(wave, wave, wave, wave, 0.83, 0.5, 0.001, True, 12)
    (found,) = level_words.season(facts_of(season=seasonal))
    assert found.text == (
        "Fault rate: a yearly season with its peak in July (strength 0.83 of 1); it is taken out "
        "before anything is called a rise."
    )
    (none,) = level_words.season(facts_of())
    assert none.text == "No season is supported by these data, so none is taken out."


def test_rate_and_mix_are_told_apart_or_what_is_missing_is_said(facts_of):
    parts = RateAndMix(0.020, 0.025, 0.005, 0.004, 0.001, 0.002, 0.006, pd.DataFrame())
    (found,) = level_words.mix(facts_of(mix=parts))
    assert found.text == (
        "Against the 12 months before, the rate changed by +5.00 per 1,000 unit-months: +4.00 "
        "because the groups' own rates changed (95 % interval +2.00 to +6.00), +1.00 because the "
        "mix of the groups did."
    )
    assert [
        level_words.mix(facts_of(metric=m))[0].text for m in ("return_rate", "ticket_volume")
    ] == [
        "Rate and mix cannot be told apart: there is no earlier year to compare with.",
        "Rate and mix cannot be told apart: nothing says how much was at risk.",
    ]
