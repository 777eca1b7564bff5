"""Causes of a rise: named when planted, with the whole conjunction, and not when nothing is."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.errors import DataError
from aftersales.stats.localise.localise import localise

DIMS = ["lot", "site", "line"]
RATES = {"dims": DIMS, "count": "failed", "exposure": "units"}


def grid(rng: np.random.Generator) -> pd.DataFrame:
    """Five lots, three sites, six lines; site x fails twice as often as the others, always."""
    cells = pd.DataFrame(itertools.product("ABCDE", "xyz", "123456"), columns=DIMS)
    cells["units"] = rng.integers(50, 400, len(cells))
    return cells.assign(usual=0.03 * np.where(cells["site"] == "x", 2, 1))


def drawn(rng: np.random.Generator, cells: pd.DataFrame, factor: object, times: int = 1):
    """Units and failures, the usual rate multiplied by `factor`."""
    units = cells["units"] * times
    failed = rng.poisson(units * cells["usual"] * factor)
    return cells[DIMS].assign(units=units, failed=failed)


def segment(cells: pd.DataFrame, **where: str) -> np.ndarray:
    return np.logical_and.reduce([cells[name] == value for name, value in where.items()])


def named(found) -> list[dict]:
    return [dict(cause.where) for cause in found.distinct()]


def test_the_whole_conjunction_is_named_not_a_part_of_it(rng):
    cells = grid(rng)
    now = drawn(rng, cells, np.where(segment(cells, lot="B", line="3"), 4, 1))

    found = localise(now, before=drawn(rng, cells, 1, times=4), **RATES)

    assert named(found) == [{"lot": "B", "line": "3"}]
    cause = found[0]
    assert cause.direction == "more"
    assert cause.low < cause.ratio < cause.high
    assert cause.low < 4 < cause.high
    assert cause.excess == pytest.approx(cause.count - cause.expected)
    inside = now[segment(now, lot="B", line="3")]
    assert (cause.count, cause.exposure) == (inside["failed"].sum(), inside["units"].sum())
    assert cause.rate == cause.count / cause.exposure


def test_two_causes_are_both_named_and_share_no_excess(rng):
    cells = grid(rng)
    factor = np.where(segment(cells, lot="B", line="3"), 6, 1) * np.where(cells["lot"] == "D", 2, 1)

    found = localise(drawn(rng, cells, factor), before=drawn(rng, cells, 1, times=4), **RATES)

    assert {frozenset(where.items()) for where in named(found)} == {
        frozenset({("lot", "B"), ("line", "3")}),
        frozenset({("lot", "D")}),
    }
    assert [cause.overlap for cause in found.distinct()] == [0, 0]


def test_a_parent_is_named_when_all_its_values_rise(rng):
    cells = grid(rng)
    strong = np.where(segment(cells, lot="B", site="x"), 6, 3)  # x more so, but y and z as well
    now = drawn(rng, cells, np.where(cells["lot"] == "B", strong, 1))

    found = localise(now, before=drawn(rng, cells, 1, times=4), **RATES)

    assert named(found)[0] == {"lot": "B"}


def test_without_a_past_a_hotspot_is_what_differs_from_the_overall_rate(rng):
    cells = grid(rng)

    found = localise(drawn(rng, cells, 1, times=4), **RATES)

    assert named(found) == [{"site": "x"}]
    assert np.isnan(found[0].rate_before)


def test_with_a_past_what_was_always_high_is_no_finding(rng):
    cells = grid(rng)

    found = localise(drawn(rng, cells, 1), before=drawn(rng, cells, 1, times=4), **RATES)

    assert len(found) == 0
    assert not found.causes
    assert list(found.to_frame().columns)[:2] == ["where", "direction"]


def test_a_change_of_mix_is_no_finding(rng):
    cells = grid(rng)
    shifted = cells.assign(units=np.where(cells["site"] == "x", 8, 1) * cells["units"])

    found = localise(drawn(rng, shifted, 1), before=drawn(rng, cells, 1, times=4), **RATES)

    assert len(found) == 0


def test_a_rise_everywhere_has_no_place(rng):
    cells = grid(rng)

    found = localise(drawn(rng, cells, 2), before=drawn(rng, cells, 1, times=4), **RATES)

    assert len(found) == 0


def test_a_total_outage_is_found(rng):
    cells = grid(rng)
    now = drawn(rng, cells, np.where(segment(cells, lot="B", line="3"), 0, 1))

    found = localise(now, before=drawn(rng, cells, 1, times=4), **RATES)

    assert named(found) == [{"lot": "B", "line": "3"}]
    assert (found[0].direction, found[0].count, found[0].ratio) == ("fewer", 0, 0)
    assert not localise(now, before=drawn(rng, cells, 1, times=4), direction="more", **RATES)


def test_an_absent_combination_is_an_outage_of_counts_and_no_traffic_for_rates(rng):
    cells = grid(rng)
    before, now = drawn(rng, cells, 1, times=4), drawn(rng, cells, 1)
    now = now[now["site"] != "z"]

    counted = localise(now, before=before, dims=DIMS, count="failed", exposure=None)

    assert named(counted) == [{"site": "z"}]
    assert counted[0].direction == "fewer"
    assert len(localise(now, before=before, **RATES)) == 0


def test_of_two_values_the_one_that_left_its_own_past_is_named():
    before = pd.DataFrame({"site": ["x", "y"], "failed": [400, 400], "units": [9000, 9000]})
    silent = pd.DataFrame({"site": ["x", "y"], "failed": [0, 101], "units": [2250, 2250]})
    risen = pd.DataFrame({"site": ["x", "y"], "failed": [99, 300], "units": [2250, 2250]})
    options = {"dims": ["site"], "count": "failed", "exposure": "units"}

    assert named(localise(silent, before=before, **options)) == [{"site": "x"}]
    assert named(localise(risen, before=before, **options)) == [{"site": "y"}]


def test_sparse_leaves_are_judged_by_their_sums(rng):
    # 20,000 combinations with one unit each: no leaf can say anything by itself.
    sizes = {"a": 4, "b": 9, "c": 30, "d": 80}
    units = pd.DataFrame({d: rng.integers(0, n, 20_000) for d, n in sizes.items()})
    risky = (units["a"] == 1) & (units["c"] == 7)
    units["failed"] = (rng.random(len(units)) < np.where(risky, 0.4, 0.05)) * 1

    found = localise(units.assign(n=1), dims=list("abcd"), count="failed", exposure="n")

    assert named(found) == [{"a": 1, "c": 7}]


def test_a_segment_that_explains_as_much_is_named_as_a_rival():
    # All but one per cent of lot B went to line 3: the data cannot tell lot B from lot B, line 3.
    rows = [("A", 1, 20, 2000), ("A", 3, 22, 2000), ("B", 3, 90, 900), ("B", 1, 0, 9)]
    cells = pd.DataFrame(rows, columns=["lot", "line", "failed", "units"])
    options = {"dims": ["lot", "line"], "count": "failed", "exposure": "units"}

    found = localise(cells, **options)

    assert [cause.rival_of for cause in found] == [-1, 0]
    assert {frozenset(cause.where) for cause in found} == {
        frozenset({"lot"}),
        frozenset({"lot", "line"}),
    }
    assert found[1].overlap == 0  # of the leaves set aside when it was named: none
    assert len(localise(cells, rivals=False, **options)) == 1


def planted(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    cells = grid(rng)
    factor = np.where(segment(cells, lot="C", site="y"), 3, 1)
    return drawn(rng, cells, factor), drawn(rng, cells, 1, times=3)


@given(seed=st.integers(0, 50))
def test_row_order_and_the_way_leaves_are_split_do_not_matter(seed):
    now, before = planted(seed)
    halves = now.assign(units=now["units"] // 2, failed=now["failed"] // 2)
    rest = now.assign(units=now["units"] - halves["units"], failed=now["failed"] - halves["failed"])
    other = pd.concat([halves, rest]).sample(frac=1, random_state=seed)
    before_other = before.sample(frac=1, random_state=seed)

    one = localise(now, before=before, **RATES).to_frame()
    two = localise(other, before=before_other, **RATES).to_frame()

    pd.testing.assert_frame_equal(one, two)


@given(seed=st.integers(0, 50))
def test_the_names_of_values_do_not_matter(seed):
    tables = planted(seed)
    names = {"A": "E", "B": "D", "C": "C", "D": "B", "E": "A"}
    other = [table.assign(lot=table["lot"].map(names)) for table in tables]

    one = named(localise(tables[0], before=tables[1], **RATES))
    two = named(localise(other[0], before=other[1], **RATES))

    assert [{**w, **({"lot": names[w["lot"]]} if "lot" in w else {})} for w in one] == two


@pytest.mark.slow
def test_shuffled_outcomes_give_no_finding(rng):
    sizes = {"a": 3, "b": 8, "c": 20, "d": 50}
    units = pd.DataFrame({d: rng.integers(0, n, 2000) for d, n in sizes.items()})
    outcome = np.arange(2000) < 150
    silent = 0
    for _ in range(40):
        now, before = (units.assign(y=rng.permutation(outcome) * 1, n=1) for _ in range(2))
        options = {"dims": list("abcd"), "count": "y", "exposure": "n"}
        silent += not localise(now, **options) and not localise(now, before=before, **options)
    assert silent >= 38


def test_nothing_to_judge_is_an_empty_answer_not_an_error(rng):
    cells = drawn(rng, grid(rng), 1)
    for now, before in (
        (cells[:0], cells),
        (cells[:0], None),
        (cells, cells[:0]),
        (cells.assign(failed=0), None),
        (cells.assign(failed=0), cells.assign(failed=0)),
    ):
        assert len(localise(now, before=before, **RATES)) == 0


def test_missing_values_are_a_value_of_their_own(rng):
    cells = grid(rng)
    now = drawn(rng, cells, np.where(cells["lot"] == "E", 4, 1))
    before = drawn(rng, cells, 1, times=4)
    for table in (now, before):
        table["lot"] = table["lot"].where(table["lot"] != "E")

    assert named(localise(now, before=before, **RATES)) == [{"lot": "(missing)"}]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"dims": []}, "dims"),
        ({"dims": ["lot", "lot"]}, "different"),
        ({"dims": ["lots"]}, 'did you mean "lot"'),
        ({"direction": "up"}, "direction"),
        ({"max_depth": 0}, "max_depth"),
        ({"alpha": 0}, "alpha"),
    ],
)
def test_requests_that_make_no_sense_are_refused(rng, change, words):
    with pytest.raises(DataError, match=words):
        localise(drawn(rng, grid(rng), 1), **{**RATES, **change})


def test_causes_of_real_incidents_are_found(reference):
    # RobustSpot data set, MIT licence; 55 incidents with the operators' labels. On the 14 that the
    # search was made with the bar is as it was; on all of them it names the cause first in 45, and
    # among the first three in 46, which is no bar but a floor: it may not get worse.
    folder = reference / "root_cause" / "localisation"
    first, among = [], []
    for row in pd.read_csv(folder / "rs_dev_labels.csv").itertuples():
        table = pd.read_csv(folder / "rs_dev" / f"{row.case}.csv")
        dims = [name for name in table if name not in ("min", "value", "cnt")]
        now = table[table["min"] == row.timestamp]
        before = table[table["min"].between(row.timestamp - 240, row.timestamp - 1)]
        found = localise(now, before=before, dims=dims, count="value", exposure="cnt")
        given_ = [{f"{k}={v}" for k, v in cause.where.items()} for cause in found]
        first.append(set(row.root_cause.split("&")) in given_[:1])
        among.append(set(row.root_cause.split("&")) in given_[:3])

    assert np.mean(first[:14]) >= 0.85
    assert np.mean(among[:14]) >= 0.93
    assert np.sum(first) / len(first) >= 45 / 55
    assert np.sum(among) / len(among) >= 46 / 55
