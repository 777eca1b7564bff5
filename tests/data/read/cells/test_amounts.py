"""Numbers and durations as people write them."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.data.read.cells.amounts import Writing, numbers, span_of, writings


def read(cell: str, **how) -> float | None:
    return numbers(pa.array([cell]), Writing(**how))[0].as_py()


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("80元", 80),
        ("¥1,200", 1200),
        ("¥ 1,200.50", 1200.5),
        ("1.2万", 12000),
        ("3万元", 30000),
        ("RMB 99", 99),
        ("99 CNY", 99),
        ("(1,234.50)", -1234.5),
        ("-80", -80),
        ("80-", -80),
        ("−80", -80),
        ("12.5%", 0.125),
        ("1 234.5", 1234.5),
        ("1'234.5", 1234.5),
        ("12,34", None),
        ("1,23,456", None),
        ("12 kg", None),
        ("8元/台", None),
        ("(80", None),
        ("80 90", None),
        ("nan", None),
        ("inf", None),
        ("", None),
    ],
)
def test_an_amount_is_read_with_its_signs_or_not_at_all(cell, amount):
    assert read(cell) == (None if amount is None else pytest.approx(amount))


@pytest.mark.parametrize(
    ("cell", "amount"),
    [("12,50", 12.5), ("1.234,56", 1234.56), ("1.250", 1250), ("80", 80), ("12.50", None)],
)
def test_a_declared_decimal_comma_is_kept_to(cell, amount):
    assert read(cell, decimal=",", thousands=".") == amount


@pytest.mark.parametrize(
    ("cell", "hours"),
    [
        ("3 h", 3),
        ("2d 5h", 53),
        ("2天5小时", 53),
        ("90 min", 1.5),
        ("1小时30分", 1.5),
        ("05:30", 5.5),
        ("30:15:00", 30.25),
        ("2 days, 5:00:00", 53),
        ("P1DT2H", 26),
        ("4.5", 4.5),
        ("3 parsecs", None),
        ("1 year", None),
    ],
)
def test_a_duration_is_read_in_the_unit_of_its_column(cell, hours):
    assert read(cell, span=span_of("resolution_hours")) == hours


def test_a_declared_unit_means_nothing_more():
    assert read("3台", unit="台") == 3
    assert read("24个月", span=span_of("warranty_months")) == 24
    assert read("2年", span="month") == 24


@given(st.lists(st.floats(-1e9, 1e9).map(lambda x: round(x, 2)), min_size=1))
def test_numbers_written_either_way_are_read_back(amounts):
    english = pa.array([f"{x:,.2f}" for x in amounts])
    german = [f"{x:,.2f}".translate(str.maketrans(",.", ".,")) for x in amounts]

    assert numbers(english).to_pylist() == pytest.approx(amounts)
    assert numbers(pa.array(german), Writing(",", ".")).to_pylist() == pytest.approx(amounts)


def test_how_a_column_is_written_is_counted():
    seen = writings(pa.array(["12,50", "1.234,56", "1,250", "80", "1500"]))

    assert (seen["comma"], seen["point"], seen["either_comma"]) == (2, 0, 1)
    assert (seen["small"], seen["large"]) == (1, 1)
