"""Causes that one attribute does not name: those of a part, and pairs that act only together."""

import itertools

import numpy as np
import pandas as pd
import pytest

from aftersales.stats.causes.causes import find_causes

LOTS, SITES, PLANTS = list("ABCDEF"), ["n", "e", "s", "w"], ["p1", "p2", "p3"]
STRATA = {"lot": ["site"], "site": [], "plant": ["site"]}


def cells(rate, *, size=400.0, seed=0):
    """Cases drawn at `rate(lot, site, plant)` out of `size` in each combination."""
    rng = np.random.default_rng(seed)
    rows = list(itertools.product(LOTS, SITES, PLANTS))
    table = pd.DataFrame(rows, columns=["lot", "site", "plant"]).assign(units=size)
    return table.assign(faults=rng.poisson([size * rate(*row) for row in rows]).astype(float))


def search(table, **options):
    return find_causes(
        table,
        count="faults",
        exposure="units",
        strata=STRATA,
        narrow_by=list(STRATA),
        **{"pairs_held": ["site"], **options},
    )


def parts(found):
    return {
        key: [(w.attribute, w.values, w.inside) for w in wheres]
        for key, wheres in found.parts.items()
    }


def test_a_lot_that_fails_at_one_site_only_is_narrowed_to_it_and_the_site_is_no_cause():
    found = search(cells(lambda lot, site, _: 0.2 if (lot, site) == ("A", "s") else 0.03))
    assert parts(found) == {("lot", "A"): [("site", ("s",), True)]}
    row = found.table[found.table["rank"].eq(1)].iloc[0]
    assert row["exposure"] == 1200  # that of the part
    assert row["ratio"] == pytest.approx(0.2 / 0.03, rel=0.25)
    assert found.parts["lot", "A"][0].elsewhere == pytest.approx(1, abs=0.3)
    site = found.table[found.table["value"].eq("s")].iloc[0]
    assert (site["shadow_of"], site["ratio"] < 1.2) == ("lot=A", True)


def test_a_lot_that_fails_everywhere_but_at_one_site_is_narrowed_by_exclusion():
    found = search(cells(lambda lot, site, _: 0.15 if lot == "A" and site != "n" else 0.03))
    assert parts(found) == {("lot", "A"): [("site", ("n",), False)]}


def test_two_lots_are_narrowed_together_where_either_alone_says_less():
    def rate(lot, site, _):
        return 0.02 if lot in "AB" and site != "n" else 0.004

    found = search(cells(rate, size=800.0, seed=3))
    assert parts(found) == {
        ("lot", lot): [("site", ("n",), False)] for lot in "AB" if ("lot", lot) in found.order
    }
    assert set(found.order) == {("lot", "A"), ("lot", "B")}


def test_a_lot_that_fails_everywhere_alike_is_not_narrowed():
    for seed in range(10):
        found = search(cells(lambda lot, *_: 0.09 if lot == "A" else 0.03, seed=seed))
        assert found.order == [("lot", "A")]
        assert found.parts == {}


def test_sites_that_differ_for_all_lots_do_not_narrow_a_cause():
    levels = dict(zip(SITES, (0.01, 0.02, 0.04, 0.08), strict=True))
    table = cells(lambda lot, site, _: levels[site] * (3 if lot == "A" else 1), seed=2)
    found = find_causes(
        table,
        count="faults",
        exposure="units",
        strata={"lot": ["site"], "plant": ["site"]},
        narrow_by=["lot", "plant"],
    )
    assert found.order == [("lot", "A")]
    assert found.parts == {}


def test_values_that_fail_only_together_are_found_as_a_pair():
    def rate(lot, _, plant):
        return 0.07 if (lot, plant) == ("A", "p1") else 0.03

    table = cells(rate, size=150.0, seed=1)
    found = search(table)
    assert found.order
    key = found.order[0]
    named = {key[0]: key[1]} | {w.attribute: w.values[0] for w in found.parts[key]}
    assert named == {"lot": "A", "plant": "p1"}


@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_named_where_nothing_is_planted(seed):
    assert search(cells(lambda *_: 0.03, seed=seed)).order == []


def test_the_order_of_rows_does_not_matter():
    table = cells(lambda lot, site, _: 0.2 if (lot, site) == ("A", "s") else 0.03)
    mixed = table.sample(frac=1, random_state=1).reset_index(drop=True)
    one, two = search(table), search(mixed)
    pd.testing.assert_frame_equal(one.table, two.table)
    assert parts(one) == parts(two)


def test_a_cause_is_not_narrowed_to_a_part_in_which_nothing_can_be_compared():
    table = cells(lambda lot, *_: 0.15 if lot == "A" else 0.03).assign(
        maker=lambda f: np.where(f["lot"].isin(["A", "B"]), "M1", "M2")
    )
    found = find_causes(
        table,
        count="faults",
        exposure="units",
        strata={"maker": ["site"], "lot": ["site"]},
        min_exposure=6000,  # too much for any lot
        narrow_by=["maker", "lot"],
    )
    assert found.order == [("maker", "M1")]
    assert found.parts == {}
