import pandas as pd

from aftersales.questions import naming
from aftersales.studies.scope import read_scope

TICKETS = pd.DataFrame({"ticket_id": ["a"], "opened_at": pd.to_datetime(["2025-03-01"])})


def test_a_subject_reads_as_none_one_and_many_attributes(company):
    scope = read_scope(company({"tickets": TICKETS}))
    assert naming.subject(scope, {}) == "all together"
    assert naming.subject(scope, {"batch": "B1"}) == "batch B1"
    assert naming.subject(scope, {"product": "tv", "region": "CN-11"}) == (
        "product Television, region Beijing"
    )


def test_what_lacks_is_named_as_table_one_column_and_several(company):
    scope = read_scope(company({"tickets": TICKETS}))
    assert naming.lacking(scope, metric="m", table="units").text == (
        "Not judged: this profile has no table units. Map it in sources.yaml to answer this."
    )
    assert naming.lacking(
        scope, metric="m", table="tickets", columns=("opened_at", "unit_id")
    ).text == (
        "Not judged: table tickets has no column unit_id. Map it in sources.yaml to answer this."
    )
    assert naming.lacking(scope, metric="m", table="tickets", columns=("unit_id", "cost")).text == (
        "Not judged: table tickets has no column unit_id and cost. Map it in sources.yaml to "
        "answer this."
    )
