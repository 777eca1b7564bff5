import pandas as pd
import pytest

from aftersales.profile.config import Target
from aftersales.questions.customers.result import customers

FEW = {"csat_rate": Target(min_n=30), "net_promoter_score": Target(min_n=30)}
GOLD, PLAIN = ("repair", "gold"), ("repair", "standard")


def texts(result, kind, metric=""):
    found = [f for f in result.findings() if f.kind == kind]
    return [f.text for f in found if not metric or f.metric == metric]


def answers(groups, *, region="CN-11", when="2025-06-10"):
    """Answers by (touchpoint, tier): (satisfied, unsatisfied); customers carry the tier."""
    rows = [
        (touchpoint, tier, score)
        for (touchpoint, tier), counts in groups.items()
        for score, n in zip((5.0, 2.0), counts, strict=True)
        for _ in range(n)
    ]
    surveys = pd.DataFrame(rows, columns=["touchpoint", "tier", "score"])
    return surveys.assign(
        instrument="csat",
        answered_at=pd.Timestamp(when).as_unit("us"),
        region=region,
        customer_id=[f"{region}-{when}-{i}" for i in range(len(surveys))],
    )


def tables(*parts):
    surveys = pd.concat(parts, ignore_index=True)
    customers = surveys[["customer_id", "tier", "region"]].dropna(subset=["tier"])
    customers = customers.drop_duplicates("customer_id")
    return {"surveys": surveys.drop(columns="tier"), "customers": customers}


def test_an_unhappy_group_is_named_with_its_distance_from_the_others(company):
    parts = answers({GOLD: (50, 50), PLAIN: (160, 40)})
    result = customers(company(tables(parts), targets=FEW), region="CN-11")
    (unhappy,) = [f for f in result.findings() if f.kind == "unhappy"]
    assert unhappy.text == (
        "Satisfaction, touchpoint repair, tier gold: 50 % are satisfied, 30 points fewer than "
        "among the others (80 %; 95 % interval 19–41 points, n = 100). Ask these customers what "
        "went wrong."
    )
    assert unhappy.severity == "act"
    assert dict(unhappy.subject) == {"touchpoint": "repair", "tier": "gold"}
    assert unhappy.excess == pytest.approx(30)
    assert unhappy.low < unhappy.estimate < unhappy.high
    assert texts(result, "rest") == ["The other group gives no reason to act (of 2 compared)."]


def test_its_own_past_is_told_where_it_is_large_enough_to_show(company):
    now = answers({GOLD: (50, 50), PLAIN: (160, 40)})
    before = answers({GOLD: (40, 10), PLAIN: (5, 5)}, when="2024-06-10")
    result = customers(company(tables(now, before), targets=FEW), region="CN-11")
    assert "; in the period before it was 80 %." in texts(result, "unhappy")[0]
    frame = result.to_frame().set_index("tier")
    assert frame.at["gold", "past"] == pytest.approx(0.8)
    assert pd.isna(frame.at["standard", "past"])  # 10 answers


def test_groups_that_are_alike_get_one_sentence(company):
    parts = answers({GOLD: (80, 20), PLAIN: (80, 20)})
    result = customers(company(tables(parts), targets=FEW), region="CN-11")
    assert texts(result, "unhappy") == []
    assert texts(result, "rest") == [
        "None of the 2 groups is clearly less satisfied than what it is compared with."
    ]


def test_too_small_groups_are_withheld_one_and_many(company):
    one = tables(answers({GOLD: (5, 5), PLAIN: (80, 20), ("repair", "silver"): (40, 10)}))
    result = customers(company(one, targets=FEW), region="CN-11")
    assert texts(result, "withheld") == ["1 group has fewer than 30 answers and is withheld."]
    frame = result.to_frame().set_index("tier")
    assert frame.loc["gold", ["n", "cases", "rate", "rate_low", "past"]].isna().all()
    assert frame.at["standard", "n"] == 100
    many = tables(answers({GOLD: (5, 5), PLAIN: (5, 5)}))
    result = customers(company(many, targets=FEW), region="CN-11")
    assert texts(result, "withheld") == ["2 groups have fewer than 30 answers and are withheld."]
    assert texts(result, "level") == [
        "Customer satisfaction (top two boxes): fewer than 30 answers in the last 12 months, too "
        "few to judge."
    ]
    result.plot()
    result.plot_scores()


def test_all_answers_count_in_the_level_also_those_without_a_tier(company):
    parts = answers({GOLD: (80, 20), PLAIN: (80, 20), ("repair", None): (40, 60)})
    result = customers(company(tables(parts), targets=FEW), region="CN-11")
    assert texts(result, "level") == [
        "All answers of the last 12 months: 66.7 % satisfied (95 % interval 61.2–71.8 %, n = 300)."
    ]
    assert texts(result, "ungrouped") == [
        "33 % of the answers do not tell touchpoint and tier; they count in the whole only."
    ]


def test_a_region_is_compared_with_the_rest_of_its_parent(company):
    here = answers({GOLD: (60, 40), PLAIN: (60, 40)})
    there = answers({GOLD: (80, 20), PLAIN: (80, 20)}, region="CN-12")
    far = answers({GOLD: (10, 90), PLAIN: (10, 90)}, region="CN-44")
    store = company(tables(here, there, far), targets=FEW)
    (below,) = [
        f for f in customers(store, region="CN-11").findings() if f.kind == "against_parent"
    ]
    assert below.text == (
        "Customer satisfaction (top two boxes): Beijing is 20 points below the rest of North "
        "(80.0 %; 95 % interval of the difference −28.5 to −11.1 points)."
    )
    assert below.severity == "act"
    assert texts(customers(store), "against_parent") == []


def test_without_tiers_a_touchpoint_is_held_against_its_own_past(company):
    now = answers({("repair", None): (50, 50), ("call", None): (80, 20)})
    before = answers({("repair", None): (80, 20), ("call", None): (80, 20)}, when="2024-06-10")
    surveys = pd.concat([now, before]).drop(columns=["tier", "customer_id"])
    result = customers(company({"surveys": surveys}, targets=FEW))
    assert texts(result, "unhappy") == [
        "Satisfaction, touchpoint repair: 50 % are satisfied, 30 points fewer than in the period "
        "before (80 %; 95 % interval 17–42 points, n = 100). Ask these customers what went wrong."
    ]


def orders(customers):
    """One order of each customer; the later customers ordered later and more."""
    n = len(customers)
    return pd.DataFrame(
        {
            "order_line_id": [f"o{i}" for i in range(n)],
            "customer_id": list(customers),
            "ordered_at": pd.Series(pd.date_range("2025-01-02", periods=n, freq="1h", unit="us")),
            "amount": [float(10 + i) for i in range(n)],
            "region": "CN-11",
        }
    )


def test_where_no_tier_is_declared_customers_are_ranked_by_their_orders(company):
    surveys = answers({("repair", None): (150, 150)})
    # The last 100 customers, who are the most valuable, are the unhappy ones.
    surveys = surveys.assign(score=[5.0] * 180 + [2.0] * 120).drop(columns="tier")
    store = company({"surveys": surveys, "orders": orders(surveys["customer_id"])}, targets=FEW)
    result = customers(store, region="CN-11")
    unhappy = [f for f in result.findings() if f.kind == "unhappy"]
    assert [dict(f.subject)["tier"] for f in unhappy] == ["high value"]
    assert not result.facts.declared
    assert texts(result, "value_tiers") == [
        "No tiers are declared, so customers are grouped by recency, frequency and value: the 100 "
        "most valuable bring 54 % of the amount."
    ]


def test_recommendation_is_compared_between_tiers(company):
    csat = answers({GOLD: (80, 20), PLAIN: (80, 20)})
    nps = [
        csat[csat["tier"].eq(tier)].assign(instrument="nps", score=scores)
        for tier, scores in (
            ("gold", [3.0] * 50 + [9.0] * 50),
            ("standard", [9.0] * 90 + [3.0] * 10),
        )
    ]
    result = customers(company(tables(csat, *nps), targets=FEW), region="CN-11")
    assert texts(result, "unhappy", "net_promoter_score") == [
        "Net promoter score, tier gold: 0, which is 80 points below the other tiers (80; 95 % "
        "interval 57–103 points below, n = 100). Ask what keeps them from recommending us."
    ]
    assert texts(result, "level", "net_promoter_score")[0].startswith(
        "Net promoter score of the last 12 months: 40 (95 % interval "
    )


def test_satisfaction_that_cannot_be_split_says_so(company):
    surveys = answers({("", ""): (80, 20)}).drop(columns=["tier", "touchpoint", "customer_id"])
    result = customers(company({"surveys": surveys}, targets=FEW))
    assert texts(result, "lacking") == [
        "Satisfaction cannot be split: table surveys has no column touchpoint, channel or tier."
    ]
    assert len(texts(result, "level")) == 1


def test_missing_and_empty_surveys_are_unknown(company):
    assert [(f.severity, f.text) for f in customers(company({})).findings()] == [
        (
            "unknown",
            "Not judged: this profile has no table surveys. Map it in sources.yaml to answer this.",
        )
    ]
    none = customers(company(tables(answers({GOLD: (50, 50)})), targets=FEW), region="CN-44")
    assert texts(none, "level") == ["No satisfaction score was given in the last 12 months."]
    assert none.to_frame().empty
    none.plot()
    none.plot_scores()
