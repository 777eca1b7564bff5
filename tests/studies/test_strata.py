import pandas as pd
import pytest

from aftersales.studies.scope import read_scope
from aftersales.studies.strata import (
    fault_study,
    lacking_for_faults,
    return_study,
    strata_of,
    version_study,
)


def test_a_region_is_the_child_it_lies_in_and_missing_outside_of_them(company):
    rows = pd.DataFrame({"region": ["CN-11", "CN-N", "CN-44", "CN", "unknown"], "ticket_id": "t"})
    rows["opened_at"] = pd.Timestamp("2025-12-01")
    scope = read_scope(company({"tickets": rows}))
    found = scope.measure("ticket_volume", by=["region"], months=1)
    assert found.dropna().set_index("region")["n_tickets"].to_dict() == {"CN-N": 2, "CN-S": 1}
    assert found["region"].isna().sum() == 2


def test_a_region_without_children_has_no_attribute_region(company, units, faults):
    tables = {
        "units": pd.concat(
            [units(50, prefix=p, batch=p, region="CN-11") for p in ("a", "b")], ignore_index=True
        ),
        "tickets": faults(["a1", "b1", "a2"], region="CN-11"),
    }
    study = fault_study(read_scope(company(tables), region="CN-11"), months=12)
    assert "region" not in study.cells
    assert list(study.strata) == ["batch"]
    assert study.cells["count"].sum() == 3
    assert study.cells["exposure"].sum() == 100 * 12


def test_faults_of_units_nobody_knows_are_left_out_and_counted(company, units, faults):
    tables = {
        "units": units(50, batch="a", region="CN-11"),
        "tickets": faults(["u1", "who", "who else"], region="CN-11"),
    }
    study = fault_study(read_scope(company(tables)), months=12)
    assert (study.cells["count"].sum(), study.unplaced) == (1, 2)


def test_without_the_age_at_a_fault_age_is_not_held_equal(company, units, faults):
    tables = {
        "units": units(50, batch="a", region="CN-11"),
        "tickets": faults(["u1", "u2"], region="CN-11").drop(columns="age_days"),
    }
    study = fault_study(read_scope(company(tables)), months=12)
    assert "age" not in study.cells
    assert (study.cells["count"].sum(), study.cells["exposure"].sum()) == (2, 600)


def test_cases_and_exposure_meet_in_their_age_band(company, units, faults):
    young = units(10, since="2025-10-15", prefix="y", region="CN-11")
    tickets = faults(["u1"], region="CN-11", end="2025-12", months=1)
    later = faults(["y1"], region="CN-11", end="2025-12", months=1).assign(age_days=60.0)
    tables = {
        "units": pd.concat([units(10, region="CN-11"), young]),
        "tickets": pd.concat([tickets, later]),
    }
    cells = fault_study(read_scope(company(tables)), months=1).cells.set_index("age")
    assert cells["count"].to_dict() == {0: 1, 24: 1}
    assert cells["exposure"].to_dict() == {0: 10, 24: 10}


@pytest.mark.parametrize(
    ("lacks", "expected"),
    [
        ("units", ("units", ())),
        ("in_service_at", ("units", ("unit_id", "in_service_at"))),
        ("tickets", ("tickets", ())),
        ("unit_id", ("tickets", ("unit_id", "ticket_type"))),
        ("", None),
    ],
)
def test_what_a_study_of_faults_lacks_is_named(company, units, faults, lacks, expected):
    tables = {"units": units(3), "tickets": faults(["u1"])}
    if lacks in tables:
        tables.pop(lacks)
    elif lacks == "in_service_at":
        tables["units"] = tables["units"].drop(columns=lacks)
    elif lacks:
        tables["tickets"] = tables["tickets"].drop(columns=lacks)
    scope = read_scope(company(tables))
    assert lacking_for_faults(scope) == expected
    assert (fault_study(scope, months=12) is None) == (expected is not None)


def test_studies_without_their_tables_are_none(company, faults):
    scope = read_scope(company({"tickets": faults(["u1"])}))
    assert version_study(scope, months=12) is None
    assert return_study(scope, months=12) is None


def test_everything_else_is_held_equal_and_a_model_is_compared_inside_its_product():
    cells = pd.DataFrame(columns=["product", "model", "age", "month", "region", "batch"])
    assert strata_of(["batch", "model", "region"], cells) == {
        "batch": ["product", "age", "month", "region", "model"],
        "model": ["product", "age", "month", "region"],
        "region": ["product", "age", "month", "model"],
    }
