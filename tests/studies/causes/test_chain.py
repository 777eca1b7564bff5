import pandas as pd

from aftersales.studies.causes.chain import chain
from aftersales.studies.causes.cleared import cleared
from aftersales.studies.causes.searched import missing, rows_of, search
from aftersales.studies.scope import read_scope
from aftersales.studies.strata import Study


def study(*, rest_of_supplier=0.05):
    """Lots A and B of supplier S1 in plant P1, C to F of S2; lot A is bad, T1 is lot A's tool."""
    rows = []
    for lot in "ABCDEF":
        for month in pd.date_range("2025-01-01", periods=12, freq="MS"):
            rate = 0.3 if lot == "A" else rest_of_supplier if lot == "B" else 0.05
            supplier = "S1" if lot in "AB" else "S2"
            tool = "T1" if lot == "A" else "T2"
            rows.append((lot, supplier, tool, "P1" if lot in "ABC" else "P2", month, 100, rate))
    names = ["batch", "supplier", "process", "plant", "month", "exposure", "rate"]
    cells = pd.DataFrame(rows, columns=names)
    cells["count"] = cells["exposure"] * cells["rate"]
    strata = {a: ["month"] for a in ("batch", "supplier", "process", "plant")}
    return Study("faults_per_1000", cells.drop(columns="rate"), strata)


def found(company, one):
    causes = search(one, scope=read_scope(company({})), lacks=missing(one))
    return causes, rows_of(causes)


def test_each_link_of_the_chain_says_how_it_stands_to_the_cause(company):
    one = study()
    causes, rows = found(company, one)
    assert causes.order == [("batch", "A")]
    table = chain(one, causes, rows=rows).set_index("attribute")
    assert table["how"].to_dict() | {"plant": ""} == {
        "batch": "cause",
        "process": "alias",
        "supplier": "shadow",
        "plant": "",
    }
    assert (table.loc["supplier", "share"], table.loc["supplier", "of_value"]) == (1, 0.5)


def test_a_column_filled_in_only_for_failures_is_not_judged_and_says_so(company):
    one = study()
    worn = one.cells.assign(climate="wet")
    worn.loc[worn["count"] < 10, "climate"] = None  # known for the bad lot only
    one = Study(one.metric, worn, {**one.strata, "climate": ["month"]})
    assert missing(one)["only_cases"].to_dict()["climate"]
    causes, rows = found(company, one)
    assert "climate" not in set(causes.table["attribute"])
    table = cleared(one, causes, rows=rows, lacks=missing(one)).set_index("attribute")
    assert table.loc["climate", "reason"] == "recorded"


def test_shadows_are_cleared_by_name_and_every_attribute_has_a_row(company):
    one = study()
    causes, rows = found(company, one)
    table = cleared(one, causes, rows=rows, lacks=missing(one)).set_index(["attribute", "value"])
    assert table.loc[("supplier", "S1"), "reason"] == "shadow"
    assert table.loc[("supplier", "S1"), "shadow_of"] == "batch=A"
    assert {a for a, _ in table.index} >= {"supplier", "plant"}
