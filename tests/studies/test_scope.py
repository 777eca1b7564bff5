import pandas as pd
import pytest

from aftersales.errors import RequestError
from aftersales.studies.scope import read_scope

TICKETS = pd.DataFrame({"ticket_id": ["a"], "opened_at": pd.to_datetime(["2025-03-01"])})


def test_the_last_month_is_that_of_a_month_end_and_else_the_one_before(company):
    store = company({"tickets": TICKETS}, as_of="2025-12-31")
    assert read_scope(store).last_month == pd.Timestamp("2025-12-01")
    middle = read_scope(store, as_of=pd.Timestamp("2025-03-14"))
    assert middle.last_month == pd.Timestamp("2025-02-01")
    assert middle.last_day == pd.Timestamp("2025-02-28")
    assert list(middle.months(2)) == [pd.Timestamp("2025-01-01"), pd.Timestamp("2025-02-01")]


def test_a_day_after_the_data_is_refused_with_the_last_day_there_is(company):
    store = company({"tickets": TICKETS}, as_of="2025-12-31")
    with pytest.raises(RequestError) as refused:
        read_scope(store, as_of=pd.Timestamp("2026-01-31"))
    assert str(refused.value) == (
        "The data are complete up to 2025-12-31; found as_of 2026-01-31. Choose that day or an "
        "earlier one."
    )


def test_a_day_is_given_as_text_too_and_none_is_the_last_day_of_the_data(company):
    store = company({"tickets": TICKETS}, as_of="2025-12-31")
    assert read_scope(store, as_of="2025-03-14").as_of == pd.Timestamp("2025-03-14")
    assert read_scope(store, as_of="").as_of == pd.Timestamp("2025-12-31")
    assert read_scope(store, as_of=None).as_of == pd.Timestamp("2025-12-31")


@pytest.mark.parametrize("text", ["2025-13-01", "yesterday", "2025-12"])
def test_text_that_is_no_day_is_refused(company, text):
    with pytest.raises(RequestError) as refused:
        read_scope(company({"tickets": TICKETS}), as_of=text)
    assert str(refused.value) == (
        f'as_of is a day written YYYY-MM-DD; found "{text}". Write one, or "" for the last day of '
        "the data."
    )
