"""Issues reported with one product more than with others, where no exposure is known."""

from __future__ import annotations

import numpy as np
import pandas as pd

from aftersales.studies.reported.pairs import reported
from aftersales.studies.scope import read_scope

MONTHS = pd.date_range("2024-01-01", "2025-12-01", freq="MS")


def tickets(*, loud: float = 1.0, since: str = "2025-01-01") -> pd.DataFrame:
    """12 products with 12 issues, a ticket a month each; one pair is loud since a month."""
    rng, rows = np.random.default_rng(5), []
    for month in MONTHS:
        for product in range(12):
            for issue in range(12):
                own = (product, issue) == (2, 4) and month >= pd.Timestamp(since)
                rows += [(f"P{product}", f"I{issue}", month)] * rng.poisson(loud if own else 1)
    table = pd.DataFrame(rows, columns=["product", "issue_type", "opened_at"])
    table["opened_at"] += pd.to_timedelta(rng.integers(0, 28, len(table)), unit="D")
    return table.assign(region="CN-11", ticket_id=range(len(table)), ticket_type="complaint")


def result(company, table: pd.DataFrame):
    return reported(read_scope(company({"tickets": table})), months=12)


def test_a_pair_that_became_loud_is_surely_reported_too_often_and_grew(company):
    found = result(company, tickets(loud=10))
    assert found.event == "issue_type"
    (row,) = found.grown.itertuples()
    assert (row.attribute, row.value, row.event) == ("product", "P2", "I4")
    assert row.low >= 2
    assert row.low < row.ratio < row.high
    assert row.p < 0.01
    assert found.standing.empty
    assert len(found.table) == 144
    assert found.table["low"].is_monotonic_decreasing


def test_a_pair_that_was_as_loud_before_did_not_grow(company):
    found = result(company, tickets(loud=10, since="2024-01-01"))
    assert found.grown.empty
    assert found.standing["event"].tolist() == ["I4"]


def test_nothing_is_found_where_nothing_is_planted(company):
    found = result(company, tickets())
    assert len(found.table) == 144
    assert not found.table["signal"].any()


def test_other_products_that_came_do_not_make_a_pair_grow(company):
    table = tickets(loud=10, since="2024-01-01")
    others = table["product"].ne("P2") & (table["opened_at"] < "2025-01-01")
    table = table[~others | (table.index % 10 == 0)]  # most products are new; P2 is as it was
    found = result(company, table).table.set_index(["value", "event"]).loc[("P2", "I4")]
    assert found["signal"]
    assert (
        found["cases"] / found["expected"] > 1.5 * found["cases_before"] / found["expected_before"]
    )
    assert not found["grew"]


def test_an_issue_that_only_one_product_has_is_a_name_and_no_signal(company):
    table = tickets()
    table.loc[table["issue_type"].eq("I4") & table["product"].ne("P2"), "issue_type"] = "I3"
    found = result(company, table).table.set_index(["value", "event"])
    assert np.isinf(found.loc[("P2", "I4"), "prr"])
    assert not found.loc[("P2", "I4"), "signal"]


def test_a_model_is_compared_inside_its_product(company):
    table = tickets()
    table["model"] = table["product"] + np.where(table.index % 2, "-a", "-b")
    # All else that is reported with P2 is cut to a fifth: I4 is most of it, in both its models.
    others = table["product"].eq("P2") & table["issue_type"].ne("I4")
    table = table[~others | (table.index % 5 == 0)]
    found = result(company, table).table.set_index(["attribute", "value", "event"])
    assert found.loc[("product", "P2", "I4"), "ratio"] > 1.5
    assert found.loc[("model", "P2-a", "I4"), "ratio"] < 1.3


def test_without_issues_or_products_there_is_no_answer(company):
    assert result(company, tickets().drop(columns="issue_type")) is None
    assert result(company, tickets().drop(columns="product")) is None
    assert result(company, tickets().assign(product="P1")) is None
