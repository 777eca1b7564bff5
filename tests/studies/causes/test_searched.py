import pandas as pd

from aftersales.stats.causes.causes import find_causes
from aftersales.studies.causes.searched import as_one_family, rows_of


def looked_at(attribute, counts):
    """The search of one attribute with these counts and the same exposure for each value."""
    cells = pd.DataFrame({attribute: [f"v{i}" for i in range(len(counts))], "count": counts})
    cells = cells.assign(exposure=1000.0)
    return find_causes(cells, count="count", exposure="exposure", strata={attribute: []})


def test_a_cause_among_three_is_none_when_hundreds_are_judged_in_one_report():
    few = looked_at("version", [60.0, 60.0, 95.0])
    assert few.order == [("version", "v2")]
    (alone,) = as_one_family([few])
    assert (alone.order, alone.further) == (few.order, [])
    among, _ = as_one_family([few, looked_at("batch", [20.0] * 300)])
    assert (among.order, among.further) == ([], [("version", "v2")])
    assert among.table["rank"].isna().all()


def test_every_value_is_a_row_of_comparison_with_the_crude_ratio_beside_it():
    cells = pd.DataFrame(
        {
            "batch": ["a", "b", "a", "b"],
            "model": ["m", "m", "n", "n"],
            "count": [60.0, 20.0, 10.0, 10.0],
            "exposure": [1000.0, 1000.0, 100.0, 1000.0],
        }
    )
    causes = find_causes(cells, count="count", exposure="exposure", strata={"batch": ["model"]})
    row = rows_of(causes).loc[("batch", "a")]
    assert (row["all_cases"], row["cases"], row["at_risk"]) == (70, 70, 1100)
    assert row["crude_ratio"] == (70 / 1100) / (30 / 2000)  # nothing held equal
    assert row["excess"] == row["cases"] - row["expected"]
