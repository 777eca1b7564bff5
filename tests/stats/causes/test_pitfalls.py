"""Five ways in which a ratio fools people: each is planted once, and once it is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftersales.errors import DataError, RequestError
from aftersales.stats.causes.pitfalls import FLAGS, pitfalls
from aftersales.stats.like.mantel_haenszel import stratified_ratios

HOW = {"count": "y", "exposure": "n"}
HELD = {"batch": ["region", "age"], "supplier": ["region", "age"], "region": ["age"]}


def lots(rng: np.random.Generator, n: int = 3000) -> pd.DataFrame:
    """Cells of 8 batches, 4 suppliers, 5 regions and 4 ages; nothing has an effect but age."""
    return pd.DataFrame(
        {
            "batch": rng.integers(0, 8, n).astype(str),
            "supplier": rng.integers(0, 4, n).astype(str),
            "region": rng.integers(0, 5, n).astype(str),
            "age": rng.choice([0, 6, 12, 24], n),
            "n": rng.gamma(2.0, 40.0, n),
        }
    )


def with_cases(rng: np.random.Generator, cells: pd.DataFrame, rate=0.01) -> pd.DataFrame:
    return cells.assign(y=rng.poisson(rate * (1 + cells["age"] / 12) * cells["n"]))


def checked(cells: pd.DataFrame, *causes: dict, **more) -> pd.Series:
    """The row of the first cause."""
    return pitfalls(cells, causes=list(causes), strata=HELD, age="age", **HOW, **more).table.iloc[0]


def test_berkeley_admissions_are_reversed_and_have_no_single_odds_ratio(reference: Path):
    # Bickel, Hammel and O'Connell 1975: crude 1.8411, within departments 0.9047.
    table = pd.read_csv(reference / "root_cause/adjustment/ucb_admissions.csv")
    parts = [
        pd.DataFrame(
            {
                "dept": table["dept"],
                "gender": gender,
                "y": table[f"{gender}_admitted"],
                "n": table[f"{gender}_admitted"] + table[f"{gender}_rejected"],
            }
        )
        for gender in ("male", "female")
    ]
    found = pitfalls(
        pd.concat(parts, ignore_index=True),
        causes=[{"gender": "male"}],
        strata={"gender": ["dept"]},
        kind="odds",
        **HOW,
    )
    row = found.table.iloc[0]
    assert (row["crude_ratio"], row["ratio"]) == pytest.approx((1.84108, 0.9046968), abs=5e-6)
    assert {"reversal", "heterogeneity"} <= set(found.flags(0))
    assert not row["vanishing"]
    assert (row["differs_by"], row["lowest"], row["highest"]) == ("dept", "A", "E")
    assert row["differs_p"] == pytest.approx(0.00207140, abs=5e-8)


def test_a_true_cause_raises_no_flag(rng):
    cells = lots(rng)
    cells = with_cases(rng, cells, 0.01 * np.where(cells["batch"] == "3", 2.0, 1.0))
    found = pitfalls(cells, causes=[{"batch": "3"}], strata=HELD, age="age", judged=17, **HOW)
    assert found.flags(0) == []
    row = found.table.iloc[0]
    assert row["low"] < 2 < row["high"]
    assert row["compared_share"] == 1


@pytest.mark.slow
def test_nothing_is_flagged_where_nothing_is_planted(rng):
    causes = [{"batch": str(k)} for k in range(8)] + [{"supplier": str(k)} for k in range(4)]
    raised = np.zeros(len(FLAGS))
    for _ in range(12):
        cells = lots(rng)
        cells.loc[rng.random(len(cells)) < 0.1, "batch"] = None
        now, before = with_cases(rng, cells), with_cases(rng, cells)
        found = pitfalls(now, causes=causes, strata=HELD, age="age", before=before, **HOW).table
        raised += found[FLAGS].sum().to_numpy(float)
    share = dict(zip(FLAGS, raised / (12 * len(causes)), strict=True))
    assert share.pop("chance") > 0.98  # "chance" is what there is
    assert max(share.values()) <= 0.03, share


def test_a_shadow_of_unequal_exposure_vanishes(rng):
    cells = lots(rng)
    own = cells["batch"] == "3"
    cells.loc[own & (rng.random(len(cells)) < 0.7), "age"] = 24  # older, not worse
    row = checked(with_cases(rng, cells), {"batch": "3"})
    assert row["crude_low"] > 1
    assert row["vanishing"]
    assert not row["reversal"]
    assert row["imbalance"]
    assert row["distance_by"] == "age"
    assert row["age_own"] > row["age_rest"]


def test_an_improving_trend_of_young_batches_is_reversed(rng):
    cells = lots(rng)
    own = cells["batch"] == "3"
    cells.loc[own & (rng.random(len(cells)) < 0.9), "age"] = 0
    cells = cells.assign(y=rng.poisson(0.01 * (1 + cells["age"]) * cells["n"] * (1 + 0.3 * own)))
    row = checked(cells, {"batch": "3"})
    assert row["crude_high"] < 1 < row["low"]
    assert row["reversal"]
    assert row["age_shift"] < -0.5


def test_an_effect_in_one_region_only_has_no_single_ratio(rng):
    cells = lots(rng)
    local = (cells["batch"] == "3") & (cells["region"] == "1")
    row = checked(with_cases(rng, cells, 0.01 * np.where(local, 3, 1)), {"batch": "3"})
    assert row["heterogeneity"]
    assert (row["differs_by"], row["highest"]) == ("region", "1")
    assert row["highest_ratio"] > 2 > 1.4 > row["lowest_ratio"]


def test_a_batch_and_its_only_supplier_cannot_be_told_apart(rng):
    cells = lots(rng)
    cells["supplier"] = np.where(cells["batch"] == "3", "9", cells["supplier"])
    cells = with_cases(rng, cells, 0.01 * np.where(cells["batch"] == "3", 2, 1))
    row = checked(cells, {"batch": "3"})
    assert row["alias"]
    assert (row["alias_attribute"], row["alias_value"]) == ("supplier", "9")
    assert row["overlap"] == pytest.approx(1)
    assert row["apart"] == pytest.approx(0, abs=1e-6)
    assert not checked(cells, {"region": "1"})["alias"]


def test_an_attribute_filled_in_only_for_failures_is_seen(rng):
    cells = with_cases(rng, lots(rng))
    whole = cells["n"].copy()
    cells["batch"] = np.where(rng.random(len(cells)) < 0.7, None, cells["batch"])
    known = cells["batch"].notna()
    cells.loc[known, "y"] += rng.poisson(0.03 * whole[known])  # looked up when a unit has failed
    row = checked(cells, {"batch": "3"})
    assert row["missing_not_at_random"]
    assert row["missing_ratio"] > 1.5
    assert row["missing_cases"] < row["missing_exposure"]


def test_cases_in_cells_without_exposure_are_counted(rng):
    cells = with_cases(rng, lots(rng))
    lost = cells[cells["batch"] == "3"].head(1).assign(n=0.0, y=60)
    row = checked(pd.concat([cells, lost], ignore_index=True), {"batch": "3"})
    assert row["unplaced"] > 0.02
    assert row["missing_not_at_random"]


def test_a_rise_by_mix_alone_is_not_a_rise_of_the_rate(rng):
    before, now = lots(rng), lots(rng)
    own = now["batch"] == "3"
    now.loc[own, "age"] = 24
    cells = with_cases(rng, now)
    row = checked(cells, {"batch": "3"}, before=with_cases(rng, before))
    assert row["mix_shift"]
    assert row["mix_effect"] > 0.7 * row["change"] > 0
    assert row["rate_effect_low"] < 0 < row["rate_effect_high"]
    assert row["rate_effect"] + row["mix_effect"] == pytest.approx(row["change"])
    worse = with_cases(rng, before, 0.01 * np.where(before["batch"] == "3", 2, 1))
    risen = checked(worse, {"batch": "3"}, before=with_cases(rng, before))
    assert risen["rate_effect_low"] > 0
    assert not risen["mix_shift"]


def test_one_small_p_among_many_values_is_chance(rng):
    cells = lots(rng)
    cells = with_cases(rng, cells, 0.01 * np.where(cells["batch"] == "3", 1.12, 1))
    alone, among = (checked(cells, {"batch": "3"}, judged=m) for m in (1, 10_000))
    assert alone["p_any"] == pytest.approx(alone["p"])
    assert not alone["chance"]
    assert among["chance"]
    assert among["p_any"] > alone["p_any"]


def test_a_shadow_of_another_cause_vanishes_once_that_is_allowed_for(rng):
    cells = lots(rng)
    own = cells["batch"] == "3"
    cells.loc[own & (rng.random(len(cells)) < 0.8), "supplier"] = "1"
    cells = with_cases(rng, cells, 0.01 * np.where(own, 3, 1))
    causes = [{"supplier": "1"}, {"batch": "3"}]
    assert not checked(cells, *causes)["vanishing"]
    row = checked(cells, *causes, effects=[1.0, 3.0])
    assert row["vanishing"]
    assert row["low"] < 1.05


def test_ratios_are_those_of_the_stratified_comparison(rng):
    cells = with_cases(rng, lots(rng))
    wanted = stratified_ratios(
        cells, count="y", exposure="n", attribute="batch", strata=HELD["batch"], dispersion=1.4
    ).set_index("value")
    row = checked(cells, {"batch": "3"}, dispersion={"batch": 1.4})
    names = ["ratio", "low", "high", "p", "expected"]
    assert row[names].tolist() == pytest.approx(wanted.loc["3", names].tolist())


def test_a_conjunction_is_compared_with_all_else_in_its_strata(rng):
    cells = lots(rng)
    both = (cells["batch"] == "3") & (cells["supplier"] == "1")
    cells = with_cases(rng, cells, 0.02 * np.where(both, 4, 1))
    row = checked(cells, {"batch": "3", "supplier": "1"})
    assert row["where"] == "batch=3 & supplier=1"
    assert row["low"] < 4 < row["high"]


@settings(max_examples=15)
@given(st.floats(0.01, 100), st.integers(0, 1000))
def test_neither_the_unit_of_exposure_nor_the_order_of_rows_matters(scale, seed):
    rng = np.random.default_rng(seed)
    cells = with_cases(rng, lots(rng, 300), 0.05)
    other = cells.assign(n=cells["n"] * scale).sample(frac=1, random_state=seed)
    one, two = (checked(c, {"batch": "3"}) for c in (cells, other))
    names = ["crude_ratio", "ratio", "low", "high", "p", "differs_p", "distance", "age_shift"]
    assert one[names].tolist() == pytest.approx(two[names].tolist(), rel=1e-6, nan_ok=True)
    assert one[FLAGS].tolist() == two[FLAGS].tolist()


def test_no_cause_gives_an_empty_table_and_nonsense_is_refused(rng):
    cells = with_cases(rng, lots(rng, 50))
    assert pitfalls(cells, causes=[], strata=HELD, **HOW).table.empty
    with pytest.raises(RequestError, match="one positive ratio for each of the 1 causes"):
        checked(cells, {"batch": "3"}, effects=[1.0, 2.0])
    with pytest.raises(RequestError, match="has no condition"):
        checked(cells, {})
    with pytest.raises(RequestError, match='does not say what is held equal for "lot"'):
        checked(cells, {"lot": "3"})
    with pytest.raises(DataError, match="must not exceed"):
        checked(cells.assign(n=0.5, y=1), {"batch": "3"}, kind="odds")


def test_a_value_that_does_not_occur_has_no_numbers_and_no_flags(rng):
    row = checked(with_cases(rng, lots(rng, 200)), {"batch": "none"})
    assert row["count"] == 0
    assert np.isnan(row["ratio"])
    assert not row[FLAGS].any()
