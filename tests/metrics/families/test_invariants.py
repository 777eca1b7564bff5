"""What holds for every metric, on tables at random."""

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from aftersales.metrics import METRICS, measure

AS_OF = pd.Timestamp("2025-06-30")
SEEDS = given(seed=st.integers(0, 10_000))
pytestmark = pytest.mark.slow
FEW = settings(max_examples=2, phases=[Phase.explicit, Phase.generate])  # shrinking is slow here
SUMS = [m.key for m in METRICS.values() if m.kind in ("proportion", "rate", "count", "stock")]


@pytest.mark.parametrize("key", METRICS)
@FEW
@SEEDS
def test_the_order_of_rows_does_not_matter(company, key, seed):
    store, shuffled = company(seed), company(seed)
    shuffled.tables = {
        name: table.sample(frac=1, random_state=seed) for name, table in store.tables.items()
    }

    first, second = (measure(key, s, by=["product"]) for s in (store, shuffled))

    pd.testing.assert_frame_equal(first, second)


@pytest.mark.parametrize("key", SUMS)
@FEW
@SEEDS
def test_the_parts_sum_to_the_whole(company, key, seed):
    parts = measure(key, company(seed), by=["product"])
    whole = measure(key, company(seed))

    if key in ("ticket_mix", "claims_per_1000"):  # several rows per group, of one denominator
        assert parts[METRICS[key].count].sum() == whole[METRICS[key].count].sum()
        return
    for column in ("n", METRICS[key].count):
        assert parts[column].sum() == pytest.approx(whole[column].sum())


@pytest.mark.parametrize("key", METRICS)
@FEW
@SEEDS
def test_the_value_lies_within_its_interval(company, key, seed):
    metric = METRICS[key]
    result = measure(key, company(seed), by=["product", "region"])

    known = result.dropna(subset=[metric.value, metric.low, metric.high])
    assert len(known) > 0
    assert (known[metric.low] <= known[metric.value] + 1e-9).all()
    assert (known[metric.value] <= known[metric.high] + 1e-9).all()
    assert (result["n"] >= 0).all()


@pytest.mark.parametrize("key", METRICS)
@pytest.mark.parametrize("by", [[], ["product"], ["region", "product"]], ids=str)
def test_every_engine_gives_the_same_table(company, engine, key, by):
    store = company(7)
    expected = measure(key, store, by=by)
    store.engine = engine

    result = measure(key, store, by=by)

    pd.testing.assert_frame_equal(result, expected, check_exact=False, rtol=1e-9)
    assert result.attrs == expected.attrs


@pytest.mark.parametrize("key", METRICS)
@FEW
@SEEDS
def test_what_happens_after_the_last_day_changes_nothing(company, key, seed):
    store, past = company(seed), company(seed)
    as_of = pd.Timestamp("2025-02-10")
    past.tables = {name: _until(table, as_of) for name, table in past.tables.items()}

    later, then = (measure(key, s, by=["product"], as_of=as_of) for s in (store, past))

    pd.testing.assert_frame_equal(later, then)


def _until(table: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """The table as it was at the end of a day."""
    end = as_of + pd.Timedelta(days=1)
    first = {"opened_at", "requested_at", "answered_at"}
    for column in first & set(table.columns):
        table = table[table[column] < end]
    if "in_service_at" in table:  # shipped, but known not to be in service yet
        waiting = table["in_service_at"] >= end
        table = table.assign(shipped_at=table["shipped_at"].mask(waiting))
    hours = {"response_at": "response_hours", "resolved_at": "resolution_hours"}
    hours |= {"closed_at": "close_hours"}
    for column in table.select_dtypes("datetime").columns.difference(list(first)):
        unknown = table[column] >= end
        table = table.assign(**{column: table[column].mask(unknown)})
        for length in {hours.get(column), "turnaround_days"} & set(table.columns):
            table = table.assign(**{length: table[length].mask(unknown)})
    return table
