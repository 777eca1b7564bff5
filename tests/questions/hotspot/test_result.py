import pandas as pd
import pytest

from aftersales.profile.config import Target
from aftersales.questions.hotspot.result import hotspot

FEW = {"faults_per_1000": Target(min_n=50), "ticket_mix": Target(min_n=10)}
PLACES = ("CN-11", "CN-12", "CN-44")


def texts(result, kind):
    return [f.text for f in result.findings() if f.kind == kind]


def one(result, kind):
    (found,) = [f for f in result.findings() if f.kind == kind]
    return found


def places(units, faults, *, beijing=60, others=20, n=500):
    """`n` television sets in each of three provinces; those of Beijing have `beijing` faults."""
    sets = pd.concat([units(n, prefix=f"{p}-", product="tv", region=p) for p in PLACES])
    counts = {p: beijing if p == "CN-11" else others for p in PLACES}
    of = [(f"{p}-{i}", p) for p in PLACES for i in range(counts[p])]
    tickets = faults([u for u, _ in of], product="tv").assign(region=[p for _, p in of])
    return {"units": sets, "tickets": tickets}


def test_a_hot_child_region_is_named_with_its_excess(company, units, faults):
    result = hotspot(company(places(units, faults), targets=FEW), region="CN-N")
    hot = one(result, "hotspot")
    assert hot.text == (
        "Hotspot, region Beijing, product Television: 60 faults in 12 months, 3.00 times the 20 "
        "expected from units of the same model and age elsewhere (95 % interval 2.01–4.48; crude "
        "3.00). 40 extra cases: see Root cause."
    )
    assert hot.severity == "act"
    assert dict(hot.subject) == {"region": "CN-11", "product": "tv"}
    assert hot.estimate == pytest.approx(10.0)  # 60 of 6,000 unit-months
    assert hot.low < hot.estimate < hot.high
    assert hot.baseline == pytest.approx(10 / 3)
    assert texts(result, "rest") == ["The other combination gives no reason to act (of 2 judged)."]


def test_the_grade_falls_where_the_excess_is_of_one_half_of_the_window_only(company, units, faults):
    tables = places(units, faults, beijing=120, others=40)
    result = hotspot(company(tables, targets=FEW), region="CN-N")
    assert one(result, "hotspot").evidence == "A"
    lately = tables["tickets"]["opened_at"] >= "2025-07-01"
    burst = tables["tickets"][lately | tables["tickets"]["region"].ne("CN-11")]
    more = pd.concat([burst, tables["tickets"][lately & tables["tickets"]["region"].eq("CN-11")]])
    result = hotspot(company(tables | {"tickets": more}, targets=FEW), region="CN-N")
    assert one(result, "hotspot").evidence == "B"


def test_a_region_without_children_is_compared_with_its_like_and_not_named_again(
    company, units, faults
):
    result = hotspot(company(places(units, faults), targets=FEW), region="CN-11")
    assert dict(one(result, "hotspot").subject) == {"product": "tv"}
    assert one(result, "hotspot").text.startswith("Hotspot, product Television: 60 faults")
    assert one(result, "among_siblings").text == (
        "All products together, Beijing has 3.00 times the cases expected from comparable ones in "
        "the rest of North (95 % interval 1.81–4.98; crude 3.00)."
    )


def test_the_only_child_and_the_root_are_compared_with_nobody(company, units, faults):
    store = company(places(units, faults), targets=FEW)
    assert texts(hotspot(store, region="CN-44"), "among_siblings") == []
    assert texts(hotspot(store), "among_siblings") == []


def test_places_that_are_alike_get_one_sentence(company, units, faults):
    store = company(places(units, faults, beijing=20), targets=FEW)
    assert texts(hotspot(store, region="CN-N"), "rest") == [
        "No hotspot: none of the 2 combinations judged differs more than places do anyway."
    ]
    assert texts(hotspot(store, region="CN-44"), "rest") == [
        "No hotspot: the only combination judged differs no more than places differ anyway."
    ]


def test_a_place_that_alone_has_cases_is_said_without_a_silly_ratio(company, units, faults):
    store = company(places(units, faults, others=0), targets=FEW)
    assert one(hotspot(store, region="CN-N"), "hotspot").text == (
        "Hotspot, region Beijing, product Television: 60 cases in 12 months, and hardly any among "
        "comparable ones elsewhere (at least 32 times, 95 % limit)."
    )


def test_cells_below_min_n_are_neither_judged_nor_shown(company, units, faults):
    many = {"faults_per_1000": Target(min_n=50_000)}
    result = hotspot(company(places(units, faults), targets=many), region="CN-N")
    assert texts(result, "hotspot") == []
    assert texts(result, "too_few") == ["2 combinations have too few cases to be judged."]
    assert texts(result, "rest") == ["No combination has enough cases to be judged."]
    assert result.cell_table().empty
    assert result.cells["shrunken"].isna().all()
    for draw in (result.plot, result.plot_map, result.plot_funnel, result.plot_pareto):
        draw()


def test_rows_of_unknown_regions_are_no_place(company, units, faults):
    tables = places(units, faults)
    lost = units(500, prefix="x", product="tv", region="unknown")
    tables["units"] = pd.concat([tables["units"], lost])
    result = hotspot(company(tables, targets=FEW))
    assert set(result.places["region"]) == set(PLACES)
    assert set(result.cells["region"]) == {"CN-N", "CN-S"}


def test_the_excess_has_a_price_where_faults_have_one(company, units, faults):
    tables = places(units, faults)
    n = len(tables["tickets"])
    tables["tickets"] = tables["tickets"].assign(
        cost=[30.0 if r == "CN-11" else 10.0 for r in tables["tickets"]["region"]],
        ticket_id=[f"t{i}" for i in range(n)],
    )
    result = hotspot(company(tables, targets=FEW), region="CN-11")
    assert one(result, "hotspot").cost == pytest.approx(40 * 30, rel=0.01)


def shares(company, monthly_rows, *, before, now):
    """Tickets of two products about noise and leaks: {(product, issue): per month}."""
    parts = [
        monthly_rows([before[key]] * 12 + [now[key]] * 12, product=key[0], issue_type=key[1])
        for key in before
    ]
    return hotspot(company({"tickets": pd.concat(parts)}, targets=FEW))


def test_a_share_of_tickets_that_is_high_and_grew_is_watched(company, monthly_rows):
    keys = [(p, i) for p in ("tv", "radio") for i in ("noise", "leak")]
    before = dict(zip(keys, (10, 10, 10, 10), strict=True))
    now = dict(zip(keys, (30, 10, 10, 30), strict=True))
    result = shares(company, monthly_rows, before=before, now=now)
    hot = [f for f in result.findings() if f.kind == "hotspot"]
    assert {f.severity for f in hot} == {"watch"}
    assert {f.evidence for f in hot} == {"C"}
    assert (
        "Product Television, issue noise: 360 tickets in 12 months, 3.00 times its share elsewhere "
        "(95 % interval 2.44–3.69) and 1.50 times its share in the 12 months before. These are "
        "shares of tickets; nothing says how much was at risk."
    ) in [f.text for f in hot]


def test_a_share_that_was_always_high_is_how_things_are(company, monthly_rows):
    keys = [(p, i) for p in ("tv", "radio") for i in ("noise", "leak")]
    same = dict(zip(keys, (30, 10, 10, 30), strict=True))
    result = shares(company, monthly_rows, before=same, now=same)
    assert texts(result, "hotspot") == []
    assert texts(result, "structure") == [
        "Tickets are concentrated, and not clearly more than before, in: product radio, issue "
        "leak; product Television, issue noise."
    ]
    assert texts(result, "rest") == [
        "The other 2 combinations give no reason to act (of 4 judged)."
    ]


def test_a_share_is_one_of_all_tickets_also_of_those_the_grid_does_not_show(company, monthly_rows):
    rows = [
        monthly_rows([5] * 12, product=p, issue_type=f"issue {i}")
        for p in ("tv", "radio")
        for i in range(20)
    ]
    result = hotspot(company({"tickets": pd.concat(rows)}, targets=FEW))
    assert result.cells["issue_type"].nunique() == 15
    assert set(result.cells["at_risk"]) == {20 * 5 * 12}


def test_nothing_to_compare_and_nothing_at_all_are_unknown(company, monthly_rows):
    assert texts(hotspot(company({})), "lacking") == [
        "Not judged: this profile has no table tickets. Map it in sources.yaml to answer this."
    ]
    alone = hotspot(company({"tickets": monthly_rows([5] * 12)}))
    assert texts(alone, "lacking") == [
        "Not judged: that takes several regions, or several products with issues to compare, and "
        "these data have neither."
    ]
    for draw in (alone.plot, alone.plot_map, alone.plot_funnel, alone.plot_pareto):
        draw()
    assert alone.cell_table().empty
    assert alone.outlet_table().empty


def test_a_region_without_rows_gives_no_alarm(company, units, faults):
    tables = places(units, faults)
    inside = {n: t[t["region"] != "CN-44"] for n, t in tables.items()}
    result = hotspot(company(inside, targets=FEW), region="CN-44")
    assert {f.severity for f in result.findings()} <= {"ok", "unknown"}
