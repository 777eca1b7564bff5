import pandas as pd

from aftersales.metrics.counting.company import filling, forget
from aftersales.metrics.families.weekly import weekly_tickets

AS_OF = pd.Timestamp("2024-06-30")  # a Sunday, so weeks begin on Mondays


def tickets(*days, **columns):
    times = pd.to_datetime(list(days), format="ISO8601").as_unit("us")
    return pd.DataFrame({"opened_at": times, "ticket_type": "fault", **columns})


def test_the_last_week_ends_on_the_day_of_the_report(store):
    rows = tickets("2024-06-30 23:59", "2024-06-24", "2024-06-23 23:59", "2024-07-01")
    found = weekly_tickets(store({"tickets": rows}), by=[], as_of=AS_OF, months=1)
    assert found["week"].tolist() == [pd.Timestamp("2024-06-17"), pd.Timestamp("2024-06-24")]
    assert found["n_tickets"].tolist() == [1, 2]  # what came after the day is not known yet


def test_months_limit_how_far_back_it_goes(store):
    rows = tickets("2024-06-30", "2024-05-31", "2024-05-01", "2024-04-30")
    found = weekly_tickets(store({"tickets": rows}), by=[], as_of=AS_OF, months=2)
    assert found["n_tickets"].sum() == 3


def test_every_ticket_counts_once_whatever_it_is_split_by(store):
    rows = tickets("2024-06-30", "2024-06-30", "2024-06-01", region=["CN-11", "CN-44", None])
    one = store({"tickets": rows})
    for by in ([], ["ticket_type"], ["region"], ["region", "ticket_type"]):
        assert weekly_tickets(one, by=by, as_of=AS_OF, months=3)["n_tickets"].sum() == 3


def test_what_a_run_prepared_gives_the_same_table(store):
    rows = tickets(
        *["2024-06-30", "2024-06-20", "2024-06-30", "2024-05-02"],
        region=["CN-11", "CN-44", "CN-44", "CN-11"],
        product=["tv", "tv", "radio", "tv"],
    )
    one = store({"tickets": rows})
    ask = {"by": ["product", "ticket_type"], "as_of": AS_OF, "months": 3, "region": "CN-44"}
    forget()
    direct = weekly_tickets(one, **ask)
    with filling():
        prepared = weekly_tickets(one, **ask)
    forget()
    pd.testing.assert_frame_equal(direct, prepared)
    assert direct["n_tickets"].sum() == 2


def test_where_only_some_products_have_exposure_only_their_tickets_count(store):
    rows = tickets("2024-06-30", "2024-06-29", product=["tv", "radio"])
    exposure = pd.DataFrame(
        {"period": pd.to_datetime(["2024-06-01"]), "product": ["tv"], "at_risk": [10.0]}
    )
    one = store({"tickets": rows, "exposure": exposure})
    assert weekly_tickets(one, by=[], as_of=AS_OF, months=1)["n_tickets"].tolist() == [1]
