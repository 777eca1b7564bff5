import pandas as pd
import pytest

from aftersales.errors import RequestError
from aftersales.profile.config import Target
from aftersales.questions.root_cause.result import root_cause

FEW = {"faults_per_1000": Target(min_n=50)}


def texts(result, kind):
    return [f.text for f in result.findings() if f.kind == kind]


def one(result, kind):
    (found,) = [f for f in result.findings() if f.kind == kind]
    return found


def lots(units, faults, *, bad=60, others=20, region="CN-11"):
    """Six lots of 400 units; lots A and B are supplier S1's, C to F S2's; A has `bad` faults."""
    sets = pd.concat(
        [
            units(400, prefix=lot, batch=lot, supplier="S1" if lot in "AB" else "S2", region=region)
            for lot in "ABCDEF"
        ],
        ignore_index=True,
    )
    of = [f"{lot}{i}" for lot in "ABCDEF" for i in range(bad if lot == "A" else others)]
    return {"units": sets, "tickets": faults(of, region=region)}


def test_a_bad_lot_is_named_with_its_size_and_what_to_do(company, units, faults):
    result = root_cause(company(lots(units, faults), targets=FEW), region="CN-11")
    cause = one(result, "cause")
    assert cause.text == (
        "Batch A: 60 faults in 12 months, 3.0 times the 20 expected from comparable units (95 % "
        "interval 2.2–4.1). It accounts for 40 extra faults. Hold the remaining stock of the "
        "batch and trace its parts."
    )
    assert (cause.severity, dict(cause.subject)) == ("act", {"batch": "A"})
    assert cause.estimate == pytest.approx(12.5)  # 60 of 4,800 unit-months
    assert cause.baseline == pytest.approx(12.5 / 3, rel=0.01)
    assert cause.low < cause.estimate < cause.high
    assert cause.excess == pytest.approx(40, rel=0.01)
    assert cause.n == 4800
    assert cause.q <= 0.01
    assert cause.cost is None


def test_its_supplier_is_a_shadow_in_the_singular_and_others_give_no_reason(company, units, faults):
    result = root_cause(company(lots(units, faults), targets=FEW), region="CN-11")
    assert texts(result, "shadows") == [
        "Supplier S1 is a shadow, not a cause: once batch A is allowed for, it differs no more "
        "than by chance."
    ]
    assert texts(result, "rest") == [
        "Fault rate: the 6 other values of batch and supplier give no reason to act."
    ]


def test_several_shadows_of_one_cause_are_said_together(company, units, faults):
    tables = lots(units, faults)
    plant = tables["units"]["supplier"].map({"S1": "P1", "S2": "P2"})
    tables["units"] = tables["units"].assign(plant=plant)
    result = root_cause(company(tables, targets=FEW), region="CN-11")
    assert texts(result, "shadows") == [
        "Plant P1 and supplier S1 are shadows, not causes: once batch A is allowed for, they "
        "differ no more than by chance."
    ]


def test_nothing_is_named_where_all_are_alike(company, units, faults):
    result = root_cause(company(lots(units, faults, bad=20), targets=FEW), region="CN-11")
    assert texts(result, "cause") == texts(result, "shadows") == []
    assert texts(result, "rest") == [
        "Fault rate: no finding. None of the 8 values of batch and supplier has clearly more cases "
        "than comparable ones."
    ]
    assert result.cause_table().empty
    assert result.check_table().empty
    assert len(result.value_table()) == 8


def test_a_lot_that_alone_has_faults_is_said_without_a_silly_ratio(company, units, faults):
    tables = lots(units, faults, bad=60, others=0)
    result = root_cause(company(tables, targets=FEW), region="CN-11")
    cause = one(result, "cause")
    assert cause.text == (
        "Batch A: 60 faults in 12 months, and hardly any among comparable units (at least 79 "
        "times, 95 % limit). Hold the remaining stock of the batch and trace its parts."
    )
    assert cause.to_json()["ratio"] is None  # infinite
    assert cause.excess == 60


def test_the_excess_of_a_cause_has_a_price_where_faults_have_one(company, units, faults):
    tables = lots(units, faults)
    tables["tickets"] = tables["tickets"].assign(
        cost=50.0, ticket_id=[f"t{i}" for i in range(len(tables["tickets"]))]
    )
    result = root_cause(company(tables, targets=FEW), region="CN-11")
    assert one(result, "cause").cost == pytest.approx(50 * 40, rel=0.01)


def test_a_lot_with_less_exposure_than_min_n_is_not_judged_and_not_shown(company, units, faults):
    many = {"faults_per_1000": Target(min_n=5000)}
    result = root_cause(company(lots(units, faults), targets=many), region="CN-11")
    assert dict(one(result, "cause").subject) == {"supplier": "S1"}
    assert set(result.value_table()["value"]) == {"S1", "S2"}
    assert texts(result, "too_few") == [
        "Fault rate: 6 values have too few cases, or no comparable ones, to be judged."
    ]


def test_young_lots_that_cannot_be_judged_are_counted(company, units, faults):
    tables = lots(units, faults, bad=20)
    fresh = [units(5, since="2025-11-15", prefix=p, batch=p, region="CN-11") for p in ("Y", "Z")]
    for n, expected in (
        (1, "Fault rate: 1 batch is too young to judge; more than 50 % of its time in service is "
            "below 6 months of age."),
        (2, "Fault rate: 2 batches are too young to judge; more than 50 % of their time in service "
            "is below 6 months of age."),
    ):  # fmt: skip
        more = tables | {"units": pd.concat([tables["units"], *fresh[:n]], ignore_index=True)}
        result = root_cause(company(more, targets=FEW), region="CN-11")
        assert texts(result, "too_young") == [expected]


def test_a_cause_that_is_young_says_so_and_has_the_lower_grade(company, units, faults):
    old = lots(units, faults, bad=20)
    sets, tickets = [old["units"]], [old["tickets"]]
    for lot, n in (("Y", 60), ("Z", 8)):
        sets.append(units(800, since="2025-08-15", prefix=lot, batch=lot, region="CN-11"))
        of = [f"{lot}{i}" for i in range(n)]
        ages = [[60.0, 90.0, 120.0][i % 3] for i in range(n)]  # in October, November, December
        tickets.append(faults(of, months=3, region="CN-11", age_days=ages))
    tables = {"units": pd.concat(sets), "tickets": pd.concat(tickets)}
    result = root_cause(company(tables, targets=FEW), region="CN-11")
    assert one(result, "cause").evidence == "B"
    assert texts(result, "young") == [
        "Batch Y is young: 100 % of its time in service is below 6 months of age, of the others' "
        "11 %. Ages are compared with like ages; what it does later is not known."
    ]


def test_an_attribute_that_cases_lack_more_often_than_units_is_pointed_out(company, units, faults):
    tables = lots(units, faults)
    blank = units(400, prefix="n", batch=None, supplier="S2", region="CN-11")
    tables["units"] = pd.concat([tables["units"], blank], ignore_index=True)
    more = faults([f"n{i}" for i in range(150)], region="CN-11")
    tables["tickets"] = pd.concat([tables["tickets"], more], ignore_index=True)
    result = root_cause(company(tables, targets=FEW), region="CN-11")
    assert texts(result, "incomplete") == [
        "Batch is missing for 48 % of the cases and 14 % of the time at risk: the ratios of its "
        "values may be too high or too low."
    ]


def test_cases_without_a_unit_are_counted_one_and_many(company, units, faults):
    tables = lots(units, faults)
    for n, expected in (
        (1, "1 case could not be joined to a unit and is left out."),
        (3, "3 cases could not be joined to a unit and are left out."),
    ):
        lost = faults(["nobody's"] * n, region="CN-11")
        more = tables | {"tickets": pd.concat([tables["tickets"], lost])}
        result = root_cause(company(more, targets=FEW), region="CN-11")
        assert texts(result, "unplaced") == [expected]


def test_what_is_missing_is_named_and_never_raised(company, units, faults):
    assert texts(root_cause(company({})), "lacking") == [
        "Not judged: this profile has no table units. Map it in sources.yaml to answer this."
    ]
    bare = {"units": units(5, region="CN-11"), "tickets": faults(["u1"], region="CN-11")}
    without = bare | {"tickets": bare["tickets"].drop(columns="unit_id")}
    assert texts(root_cause(company(without)), "lacking") == [
        "Not judged: table tickets has no column unit_id. Map it in sources.yaml to answer this."
    ]
    nothing = bare | {"tickets": bare["tickets"].head(0)}
    result = root_cause(company(nothing))
    assert texts(result, "lacking") == [
        "Not judged: no faults or returns are known for the last 12 months, or nothing they could "
        "be compared by."
    ]
    for draw in (result.plot, result.plot_age):
        draw()
    for table in (result.to_frame, result.value_table, result.cause_table, result.check_table):
        assert table().empty


def test_figures_and_tables_show_the_cause_beside_the_crude_ratio(company, units, faults):
    result = root_cause(company(lots(units, faults), targets=FEW), region="CN-11")
    assert result.cause_table()["evidence"].tolist() == ["A"]
    cleared = result.cleared_table().set_index("value")
    assert cleared.loc["S1", "why"] == "Shadow of batch A."
    assert result.age_table()["group"].tolist()[:2] == ["batch A", "all others"]
    result.plot()
    result.plot_age()


def test_unresolved_regions_are_no_cause(company, units, faults):
    places = [units(300, prefix=r, region=r) for r in ("CN-11", "CN-12", "unknown")]
    of = [f"{r}{i}" for r, n in (("CN-11", 15), ("CN-12", 15), ("unknown", 90)) for i in range(n)]
    tickets = faults(of).assign(region=[u[:5] if u[0] == "C" else "unknown" for u in of])
    store = company({"units": pd.concat(places), "tickets": tickets}, targets=FEW)
    result = root_cause(store)
    assert "unknown" not in set(result.to_frame().get("value", []))


def test_a_version_is_judged_by_the_exposure_table(company, monthly_rows):
    months = pd.date_range("2025-01-01", periods=12, freq="MS", unit="us")
    exposure = pd.concat(
        [
            pd.DataFrame({"period": months, "product": "tv", "version": v, "at_risk": 1000.0})
            for v in ("1.0", "1.1", "1.2")
        ]
    )
    tickets = pd.concat(
        [
            monthly_rows([n] * 12, product="tv", version=v, ticket_type="fault")
            for v, n in (("1.0", 5), ("1.1", 5), ("1.2", 15))
        ]
    )
    result = root_cause(company({"exposure": exposure, "tickets": tickets}, targets=FEW))
    assert one(result, "cause").text == (
        "Version 1.2: 180 faults in 12 months, 3.0 times the 60 expected from comparable units (95 "
        "% interval 2.4–3.8). It accounts for 120 extra faults. Compare it with the other "
        "versions before it is rolled out further."
    )


def test_returns_are_judged_by_what_was_delivered(company):
    days = pd.Series(pd.date_range("2025-01-02", periods=1200, freq="6h", unit="us"))
    warehouse = [f"W{i % 3}" for i in range(1200)]
    orders = pd.DataFrame(
        {
            "order_line_id": [f"o{i}" for i in range(1200)],
            "delivered_at": days,
            "warehouse": warehouse,
            "product": "tv",
            "region": "CN-11",
        }
    )
    back = [i for i in range(1200) if i % 30 in (0, 6, 12, 1, 2)]  # W0 120, W1 40, W2 40
    returns = pd.DataFrame(
        {
            "return_id": [f"r{i}" for i in back],
            "order_line_id": [f"o{i}" for i in back],
            "requested_at": days[back].to_numpy() + pd.Timedelta(days=3),
            "region": "CN-11",
        }
    )
    tables = {"orders": orders, "returns": returns}
    result = root_cause(company(tables, targets={"return_rate": Target(min_n=100)}))
    assert one(result, "cause").text == (
        "Warehouse W0: 120 returns in 12 months, 3.0 times the 40 expected from comparable orders "
        "(95 % interval 2.3–4.0). It accounts for 80 extra returns. Inspect storage, packing "
        "and handling at the warehouse."
    )


def test_where_only_reports_are_known_the_steps_say_what_is_missing(company, monthly_rows):
    tickets = monthly_rows([5] * 24, product="tv", ticket_type="complaint")
    table = root_cause(company({"tickets": tickets})).step_table()
    assert table["stage"].tolist() == ["Collect", "Trend analysis", "Trace"]
    assert table["decision"].tolist() == [
        "Add sales, units or exposure to the sources.",
        "Counts can be followed, rates cannot.",
        "No cause can be named from these data.",
    ]


def test_the_last_day_may_be_text_and_none_is_that_of_the_data(company, units, faults):
    store = company(lots(units, faults), targets=FEW)
    assert root_cause(store, region="CN-11").scope.as_of == store.as_of
    assert root_cause(store, as_of="2025-06-30").scope.as_of == pd.Timestamp("2025-06-30")
    with pytest.raises(RequestError, match="soon"):
        root_cause(store, as_of="soon")
