"""Text files with the marks of the programs that wrote them."""

import pytest

from aftersales.data.read.text.encoding import guess
from aftersales.errors import DataError

HEAD = "id,opened,region\n"
ROWS = "A1,2024-01-02,广东\nA2,2024-01-03,广西\n"


def ids(store, *names: str):
    names = names or ("ticket_id",)
    found = store.scan("tickets").select(*names).collect("pandas").to_native()
    return sorted(map(tuple, found.to_numpy().tolist()))


@pytest.mark.parametrize(
    "text", ["广东,冰柜", "湖南,洗衣机", "河北,空调", "客户反映不制冷", "黑龙江,热水器,退货"]
)
def test_a_few_chinese_characters_are_enough_to_tell_gbk(text):
    assert guess(text.encode("gbk")) == "gb18030"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("에어컨이 고장났습니다 서울 지역 고객", "cp949"),
        ("エアコンが故障しました。修理をお願いします", "cp932"),
    ],
)
def test_korean_and_japanese_are_told_apart_from_chinese(text, encoding):
    assert guess((text * 5).encode(encoding)) == encoding


def test_names_of_regions_tell_the_encoding(company):
    (company.raw / "tickets.csv").write_bytes((HEAD + ROWS).encode("gbk"))

    store = company.clean(
        {
            "tickets": {
                "files": ["tickets.csv"],
                "columns": {"ticket_id": "id", "opened_at": "opened", "region": "region"},
            }
        }
    )

    assert ids(store, "ticket_id", "region") == [("A1", "CN-44"), ("A2", "CN-45")]


def test_formulas_and_apostrophes_round_ids_are_no_part_of_them(company):
    csv = 'id,opened\n"=""0042""",2024-01-02\n="0043",2024-01-02\n\'0044,2024-01-02\n'

    assert ids(company.clean_tickets(csv)) == [("0042",), ("0043",), ("0044",)]


def test_the_line_that_names_the_delimiter_is_no_header(company):
    store = company.clean_tickets("sep=;\nid;opened\nA1;2024-01-02\n")

    assert ids(store) == [("A1",)]


def test_titles_above_the_header_are_noticed(company):
    csv = "Report of January,,\n,,\nid,opened,x\nA1,2024-01-02,1\n"

    with pytest.raises(DataError, match="the header seems to be in row 3: write `skip_rows: 2`"):
        company.clean_tickets(csv)


def test_repeated_names_that_nobody_maps_do_no_harm(company):
    csv = "id,opened,Labels,Labels\nA1,2024-01-02,a,b\n"

    assert ids(company.clean_tickets(csv)) == [("A1",)]
    mapped = {"columns": {"issue_type": "Labels (2)"}}
    assert ids(company.clean_tickets(csv, mapped), "issue_type") == [("b",)]
    with pytest.raises(DataError, match=r'map the one that is meant as "Labels \(1\)"'):
        company.clean_tickets(csv, {"columns": {"issue_type": "Labels"}})


def test_a_stray_quote_that_swallows_records_is_refused(company):
    rows = [f"A{n},2024-01-02,x{n}" for n in range(40)]
    rows[5], rows[30] = 'A5,2024-01-02,"x5', 'A30,2024-01-02,x30"'
    csv = "id,opened,note\n" + "\n".join(rows) + "\n"

    with pytest.raises(DataError, match="begins on line 7 is closed 25 lines later"):
        company.clean_tickets(csv)
    assert len(ids(company.clean_tickets(csv, {"quotes": False}))) == 40


def test_a_text_of_many_lines_is_no_stray_quote(company):
    csv = 'id,opened,note\nA1,2024-01-02,"first, then\nsecond, third\nend"\n'

    assert ids(company.clean_tickets(csv)) == [("A1",)]


def test_nul_bytes_are_left_out(company):
    assert ids(company.clean_tickets("id,opened\nA\x001,2024-01-02\n")) == [("A1",)]


def test_a_key_that_stands_twice_in_a_record_is_refused(company):
    company.write("t.jsonl", '{"id": "A1", "opened": "2024-01-02", "id": "A2"}\n')

    with pytest.raises(DataError, match='line 1: the key "id" stands twice'):
        company.clean(
            {
                "tickets": {
                    "files": ["t.jsonl"],
                    "columns": {"ticket_id": "id", "opened_at": "opened"},
                }
            }
        )
