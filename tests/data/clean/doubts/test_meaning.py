"""What is surely misread is refused with the key that puts it right; what may be is said."""

import pandas as pd
import pytest

from aftersales.errors import ConfigError, DataError

HEAD = "id,opened,cost\n"


def csv(costs: list[str], head: str = HEAD) -> str:
    rows = [f'A{n},2024-01-02,"{cost}"' for n, cost in enumerate(costs)]
    return head + "\n".join(rows) + "\n"


def costs(company, given: list[str], **how) -> list[float]:
    column = {"cost": {"from": "cost", **how}}
    store = company.clean_tickets(csv(given), {"columns": column})
    found = store.scan("tickets").select("ticket_id", "cost").collect("pandas").to_native()
    return found.sort_values("ticket_id")["cost"].tolist()


def test_decimal_commas_are_asked_about_and_then_read(company):
    given = ["12,50", "1.234,56", "1.250", "80"]

    with pytest.raises(DataError, match='Write `decimal: ","`'):
        costs(company, given)
    assert costs(company, given, decimal=",") == [12.5, 1234.56, 1250.0, 80.0]


def test_numbers_that_could_be_both_are_asked_about(company):
    with pytest.raises(DataError, match='numbers like "1,234" may be 1234 or'):
        costs(company, ["1,100", "1,250"])
    assert costs(company, ["1,100", "1,250"], decimal=".") == [1100.0, 1250.0]


@pytest.mark.parametrize("given", [["1,100", "80"], ["1,100", "12.50"], ["1,100,000", "1,100"]])
def test_thousands_are_certain_where_the_other_numbers_tell(company, given):
    assert costs(company, given)[-1] in (80.0, 12.5, 1100.0)


def test_a_key_for_a_table_holds_for_all_its_numbers(company):
    block = {"decimal": ",", "columns": {"cost": "cost", "contacts": "n"}}
    text = "id;opened;cost;n\nA1;2024-01-02;1,5;1.000\n"

    store = company.clean_tickets(text, block)

    found = store.scan("tickets").select("cost", "contacts").collect("pandas").to_native()
    assert found.iloc[0].tolist() == [1.5, 1000]


def exchanged(days: pd.DatetimeIndex) -> list[str]:
    """What a spreadsheet makes of days: up to the 12th, day and month change places."""
    return [f"{d:%Y-%d-%m}" if d.day <= 12 else f"{d:%Y-%m-%d}" for d in days]


def tickets(days: list[str]) -> str:
    return "id,opened\n" + "".join(f"A{n},{day}\n" for n, day in enumerate(days))


def test_exchanged_days_and_months_are_noticed_and_put_right(company, reasons):
    days = pd.date_range("2015-04-01", "2015-06-30")
    told = reasons(company.clean_tickets(tickets(exchanged(days))), "doubts")

    assert told[0].startswith("36 dates of opened_at up to day 12 have day and month exchanged")
    mended = {"columns": {"opened_at": {"from": "opened", "day_month": "swapped"}}}
    store = company.clean_tickets(tickets(exchanged(days)), mended)
    found = store.scan("tickets").select("opened_at").collect("pandas").to_native()["opened_at"]
    assert sorted(found) == list(days)
    assert reasons(store, "doubts") == []


@pytest.mark.parametrize(
    "days",
    [
        pd.date_range("2015-01-01", "2016-12-31"),
        pd.date_range("2015-04-01", "2015-07-12"),
        pd.date_range("2015-01-01", "2019-12-01", freq="MS").repeat(3),
        pd.date_range("2015-01-10", "2015-12-31", freq="30D").repeat(20),
    ],
)
def test_honest_days_raise_no_doubt(company, reasons, days):
    assert reasons(company.clean_tickets(tickets([f"{d:%Y-%m-%d}" for d in days])), "doubts") == []


def surveys(company, scores: list, instrument: str = "csat", **columns):
    rows = [f"S{n},{score},2024-01-02" for n, score in enumerate(scores)]
    company.write("s.csv", "id,score,at\n" + "\n".join(rows) + "\n")
    made = {
        "survey_id": "id",
        "score": {"from": "score", "codes": {"good": 1, "bad": 0}, "other": "keep"},
        "answered_at": "at",
        "instrument": {"value": instrument},
    }
    return company.clean({"surveys": {"files": ["s.csv"], "columns": made | columns}})


@pytest.mark.parametrize("scores", [["good", "bad"] * 20, list(range(1, 11)) * 4, [1, 2, 3] * 20])
def test_a_scale_that_cannot_be_one_to_five_is_asked_for(company, scores):
    with pytest.raises(DataError, match="without a scale 1 to 5 is meant"):
        surveys(company, scores)
    scale = {"scale_min": {"value": 0}, "scale_max": {"value": 10}}
    assert surveys(company, scores, **scale)


def test_answers_outside_their_scale_are_said(company, reasons):
    store = surveys(company, [1, 3, 5, 4] * 20 + [9])

    assert reasons(store, "doubts", "surveys") == [
        "1 answer lies outside its scale (1 to 5) and does not count."
    ]


def test_reopens_may_be_a_count_but_not_a_code(company):
    block = {"columns": {"reopened": "n"}}
    text = "id,opened,n\n" + "".join(f"A{i},2024-01-02,{n}\n" for i, n in enumerate([0, 1, 2, 3]))

    store = company.clean_tickets(text, block)

    found = store.scan("tickets").select("reopened").collect("pandas").to_native()["reopened"]
    assert found.sum() == 3
    with pytest.raises(DataError, match="they are codes or counts"):
        company.clean_tickets(text.replace(",0\n", ",1\n"), block)
    coded = {"columns": {"reopened": {"from": "n", "codes": {"1": "yes", "2": "no", "3": "否"}}}}
    store = company.clean_tickets(text.replace(",0\n", ",1\n"), coded)
    found = store.scan("tickets").select("reopened").collect("pandas").to_native()["reopened"]
    assert found.sum() == 2


def test_ids_that_a_spreadsheet_rounded_are_refused(company):
    text = "id,opened,order\nA1,2024-01-02,2.02E+17\nA2,2024-01-02,2.02E+17\n"

    with pytest.raises(DataError, match="a spreadsheet took them for numbers and rounded them"):
        company.clean_tickets(text, {"columns": {"order_id": "order"}})


def test_the_newest_row_of_overlapping_exports_is_kept(company):
    company.write("export-9.csv", "id,opened,state\nA1,2024-01-02,open\n")
    company.write("export-10.csv", "id,opened,state\nA1,2024-01-02,closed\n")
    block = {
        "files": ["export-*.csv"],
        "columns": {"ticket_id": "id", "opened_at": "opened", "priority": "state"},
    }

    def kept(**more):
        store = company.clean({"tickets": block | more})
        return store.scan("tickets").select("priority").collect("pandas").to_native()["priority"]

    assert kept(keep="newest").tolist() == ["closed"]
    assert kept(keep="oldest").tolist() == ["open"]


def test_an_id_is_made_of_file_and_line(company):
    company.write("a.csv", "opened\n2024-01-02\n2024-01-02\n")
    columns = {"ticket_id": {"made": "row"}, "opened_at": "opened"}

    store = company.clean({"tickets": {"files": ["a.csv"], "columns": columns}})

    found = store.scan("tickets").select("ticket_id").collect("pandas").to_native()["ticket_id"]
    assert sorted(found) == ["a.csv#2", "a.csv#3"]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("row_number() over ()", "looks at more than one row"),
        ("cast(count(*) as varchar)", "looks at more than one row"),
        ("cast(uuid() as varchar)", "gives another value each time"),
    ],
)
def test_an_expression_sees_one_row_and_no_chance(company, sql, said):
    with pytest.raises(ConfigError, match=said):
        company.clean_tickets(csv(["1"]), {"columns": {"ticket_id": {"sql": sql}}})
