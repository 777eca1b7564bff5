"""Workbooks as they come: titles, merged cells, several sheets, formulas, formats of ids."""

import datetime

import openpyxl
import pytest

from aftersales.errors import DataError

HEAD = ["工单号", "时间", "省份"]
COLUMNS = {"ticket_id": "工单号", "opened_at": "时间", "region": "省份"}


def row(n: int, region: str | None = "广东") -> list:
    return [f"T{n}", datetime.datetime(2024, 1, n, 9), region]


def book(company, *sheets: list[list], merge: tuple[str, ...] = ()) -> openpyxl.Workbook:
    """A workbook ``t.xlsx`` with sheets 1月, 2月 ...; `merge` are blocks of the first."""
    found = openpyxl.Workbook()
    found.remove(found.active)
    for n, rows in enumerate(sheets, start=1):
        sheet = found.create_sheet(f"{n}月")
        for cells in rows:
            sheet.append(cells)
    for block in merge:
        found.worksheets[0].merge_cells(block)
    found.save(company.raw / "t.xlsx")
    return found


def clean(company, **more):
    return company.clean({"tickets": {"files": ["t.xlsx"], "columns": COLUMNS} | more})


def regions(store) -> list[str]:
    found = store.scan("tickets").select("ticket_id", "region").collect("pandas").to_native()
    return found.sort_values("ticket_id")["region"].tolist()


def test_all_sheets_are_read_where_the_profile_says_so(company):
    book(company, [HEAD, row(1)], [HEAD, row(2), row(3)], [["notes"], ["none"]])

    store = clean(company, sheet="*")

    assert store.manifest["tables"]["tickets"]["kept"] == 3


def test_sheets_that_are_not_read_are_named(company, reasons):
    book(company, [HEAD, row(1)], [HEAD, row(2)])

    assert reasons(clean(company), "doubts") == [
        "1 sheet of t.xlsx was not read: 2月. `sheet:` names those that are."
    ]


def test_titles_above_the_header_are_noticed(company):
    book(company, [["维修明细表"], [], HEAD, row(1)])

    with pytest.raises(DataError, match="the header seems to be in row 3: write `skip_rows: 2`"):
        clean(company)
    assert clean(company, skip_rows=2).manifest["tables"]["tickets"]["kept"] == 1


def test_a_header_of_two_rows_is_merged_across_and_down(company):
    rows = [["单号", "时间", None, "省份"], [None, "受理", "完成", None]]
    when = datetime.datetime(2024, 1, 2)
    body = [["T1", when, when, "广东"], ["T2", when, when, "广西"]]
    book(company, rows + body, merge=("A1:A2", "B1:C1", "D1:D2"))

    columns = {"ticket_id": "单号", "opened_at": "受理", "closed_at": "完成", "region": "省份"}
    store = clean(company, header_rows=2, columns=columns)

    assert regions(store) == ["CN-44", "CN-45"]


def test_the_row_below_a_merged_header_is_as_wide_as_its_records(company):
    book(company, [HEAD, [None, "受理", None], row(1)], merge=("A1:A2", "C1:C2"))

    columns = {"ticket_id": "column_1", "opened_at": "受理", "region": "column_3"}
    assert regions(clean(company, skip_rows=1, columns=columns)) == ["CN-44"]


def test_merged_cells_are_filled_down_but_amounts_are_not(company):
    rows = [[*row(1), 100], [*row(2, None), None], [*row(3, "广西"), 5]]
    book(company, [[*HEAD, "费用"], *rows], merge=("C2:C3", "D2:D3"))

    store = clean(company, columns=COLUMNS | {"cost": "费用"})

    assert regions(store) == ["CN-44", "CN-44", "CN-45"]
    costs = store.scan("tickets").select("cost").collect("pandas").to_native()["cost"]
    assert sorted(costs.dropna()) == [5.0, 100.0]


def test_empty_cells_are_filled_down_where_declared(company):
    book(company, [HEAD, row(1, "广西"), row(2, None), row(3, "广东")])

    columns = COLUMNS | {"region": {"from": "省份", "fill": "down"}}
    assert regions(clean(company, columns=columns)) == ["CN-45", "CN-45", "CN-44"]


def test_formulas_that_were_never_calculated_are_refused(company):
    book(company, [HEAD, ["T1", datetime.datetime(2024, 1, 1), '="广"&"东"']])

    with pytest.raises(DataError, match='column "省份" holds formulas that were never calculated'):
        clean(company)


def test_zeros_that_a_format_writes_belong_to_an_id(company):
    found = book(company, [HEAD, [42, *row(1)[1:]]])
    found.worksheets[0]["A2"].number_format = "000000"
    found.save(company.raw / "t.xlsx")

    ids = clean(company).scan("tickets").select("ticket_id").collect("pandas").to_native()

    assert ids["ticket_id"].tolist() == ["000042"]


def test_errors_of_a_sheet_are_missing_values(company):
    book(company, [HEAD, row(1), row(2, "#N/A")])

    assert regions(clean(company)) == ["CN-44", "unknown"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.xls", b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "by a password"),
        ("t.et", b"\xd0\xcf\x11\xe0 old", "of the older kind (.xls, .et)"),
        ("t.zip", b"PK\x03\x04", "is an archive; unpack it"),
    ],
)
def test_what_is_no_workbook_of_today_is_refused_with_the_way_round(company, name, content, said):
    (company.raw / name).write_bytes(content)

    with pytest.raises(DataError) as error:
        company.clean({"tickets": {"files": [name], "columns": COLUMNS}})
    assert said in str(error.value)
