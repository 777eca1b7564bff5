"""How many units a recall is about."""

import pandas as pd

from aftersales.stats.causes.search import Where
from aftersales.studies.causes.units import units_in_field
from aftersales.studies.scope import read_scope


def scope_of(company, units, faults):
    parts = [
        units(30, prefix="a", batch="A", region="CN-11"),
        units(7, prefix="b", batch="A", region="CN-44"),
        units(5, prefix="c", batch="B", region="CN-11"),
        units(4, prefix="d", batch="A", region="CN-11", since="2026-02-01"),
    ]
    tables = {"units": pd.concat(parts, ignore_index=True), "tickets": faults(["a1"])}
    return read_scope(company(tables))


def test_units_count_from_the_day_they_go_into_service(company, units, faults):
    scope = scope_of(company, units, faults)
    assert units_in_field(scope, ("batch", "A")) == 37
    assert units_in_field(scope, ("batch", "none")) == 0


def test_only_the_part_in_which_a_cause_acts_is_counted(company, units, faults):
    scope = scope_of(company, units, faults)
    for inside, n in ((True, 7), (False, 30)):
        where = Where("region", ("CN-44",), inside, 0.1, 0.001)
        assert units_in_field(scope, ("batch", "A"), [where]) == n


def test_attributes_that_units_lack_have_no_size(company, units, faults):
    assert units_in_field(scope_of(company, units, faults), ("supplier", "S1")) is None
