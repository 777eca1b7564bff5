"""Records of CSV files: every cell as written, every line number right, every lost record told."""

import csv
import gzip
import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.data.mapping.mapping import TableMapping
from aftersales.data.read.sources import SourceReader
from aftersales.data.read.text import textfile
from aftersales.data.read.text.csv_source import CsvSource, open_csv
from aftersales.data.read.text.textfile import read_through
from aftersales.errors import DataError

MAPPING = TableMapping(table="tickets", file="config/acme/sources.yaml", columns={})
CELLS = st.text(st.sampled_from('ab1,;\t|"\n\r \u4e2d\u00e9\U0001f600\x0b\u2028'), max_size=6)


def opened(path: Path, content: bytes, **keys) -> CsvSource:
    path.write_bytes(content)
    mapping = TableMapping(**{**vars(MAPPING), **keys})
    file = read_through(path, name=path.name, encoding=mapping.encoding, place=mapping.place)
    return open_csv(file, mapping)


def records(source: CsvSource, rows: int = 100) -> tuple[list[tuple], list[int], list[tuple]]:
    """Cells, lines, and (line, reason) of the broken records."""
    cells, lines, broken = [], [], []
    for batch in source.batches(rows=rows):
        assert batch.records.num_rows <= rows
        *columns, line = (column.to_pylist() for column in batch.records.columns)
        cells += zip(*columns, strict=True)
        lines += line
        broken += zip(*(c.to_pylist() for c in batch.broken.columns), strict=True)
    return cells, lines, broken


@pytest.fixture
def read(tmp_path):
    return lambda content, rows=100, **keys: records(
        opened(tmp_path / "t.csv", content, **keys), rows
    )


@given(
    st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n))),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from([("\r\n", csv.QUOTE_MINIMAL), ("\n", csv.QUOTE_ALL), ("\r", csv.QUOTE_ALL)]),
    st.sampled_from([64, 100, 1 << 20]),
    st.integers(1, 5),
)
def test_any_table_is_read_back_as_written_whatever_the_batches(
    tmp_path_factory, table, delimiter, style, block, rows
):
    width = len(table[0]) if table else 1
    table = [["id", *["more, or\nless"] * (width - 1)], *table, ["last"] * width]
    text, lines = io.StringIO(newline=""), []
    writer = csv.writer(text, delimiter=delimiter, lineterminator=style[0], quoting=style[1])
    table[0] = [f"{name}{i}" for i, name in enumerate(table[0])]
    for row in table:
        lines.append(len(re.findall("\r\n|\r|\n", text.getvalue())) + 1)
        writer.writerow(row)
    path = tmp_path_factory.mktemp("csv") / "t.csv"

    source = opened(path, text.getvalue().encode(), delimiter=delimiter)
    source = CsvSource(source.file, source.head, block=block)

    assert list(source.header) == [name.strip() for name in table[0]]
    assert records(source, rows) == ([tuple(row) for row in table[1:]], lines[1:], [])


@given(
    st.lists(
        st.sampled_from([*["1,2,3"] * 4, "1,2", "1,2,3,4", '"a\nb",2,3', "", ",,", '"a\n"']),
        max_size=6,
    )
)
def test_every_line_is_a_record_a_broken_record_or_blank(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    text = "\n".join(["a,b,c", "x,y,z", *lines, "x,y,z"])

    cells, found, broken = records(opened(path, text.encode()), rows=2)

    expected = list(csv.reader(io.StringIO(text)))[1:]
    assert cells == [tuple(row) for row in expected if len(row) == 3]
    assert len(broken) == sum(len(row) not in (0, 3) for row in expected)
    starts = [text.split("\n")[line - 1] for line in found]
    assert all(
        s.startswith(c[0].split("\n")[0].join(['"', ""] if "\n" in c[0] else ["", ""]))
        for s, c in zip(starts, cells, strict=True)
    )


def test_records_with_too_few_or_too_many_fields_are_broken_and_keep_their_line(read):
    cells, lines, broken = read(b'a,b,c\n1,"x\ny",3\n1,2\n1,2,3,4\n4,5,6\n')

    assert cells == [("1", "x\ny", "3"), ("4", "5", "6")]
    assert lines == [2, 6]
    assert broken == [
        (4, "record is incomplete: 2 of 3 fields"),
        (5, "record has 4 fields instead of 3"),
    ]


def test_a_record_cut_at_the_end_of_the_file_is_broken(read):
    assert read(b"a,b\n1,2\n3")[2] == [(3, "record is incomplete: 1 of 2 fields")]


@pytest.mark.parametrize("cut", [b'3,"cut in\nthe middle', b'3,"cut\n', b'"cut', b'3,"say ""hi'])
def test_a_quote_that_is_not_closed_is_a_broken_record(read, cut):
    cells, _, broken = read(b"a,b\n1,2\n" + cut)

    assert cells == [("1", "2")]
    assert [line for line, _ in broken] == [3]
    assert broken[0][1].startswith("record is incomplete: a quote in it is not closed")


def test_a_last_record_in_quotes_without_a_line_break_is_whole(read):
    assert read(b'a,b\n1,"2"')[0] == [("1", "2")]


def test_blank_lines_are_no_records_but_count_as_lines(read):
    cells, lines, broken = read(b"\n\na,b\r\n\r\n1,2\r\n\r\n\r\n,\r\n3,4\r\n\r\n")

    assert (cells, lines, broken) == ([("1", "2"), ("", ""), ("3", "4")], [5, 8, 9], [])


def test_lines_are_counted_across_chunks(read, monkeypatch):
    monkeypatch.setattr(textfile, "CHUNK", 7)
    table = b"".join(b'%d,"x\r\ny"\r\n\r\n' % i for i in range(50))

    cells, lines, _ = read(b"a,b\r\n" + table, rows=3)

    assert cells == [(str(i), "x\r\ny") for i in range(50)]
    assert lines == [2 + 3 * i for i in range(50)]


def test_a_broken_record_in_every_block_keeps_its_place(tmp_path):
    text = "a,b\n" + "".join("1,2\n" if i % 3 else "1\n" for i in range(300))
    source = opened(tmp_path / "t.csv", text.encode())

    _, lines, broken = records(CsvSource(source.file, source.head, block=40))

    assert lines == [i + 2 for i in range(300) if i % 3]
    assert [line for line, _ in broken] == [i + 2 for i in range(300) if not i % 3]


def test_bytes_that_cannot_be_decoded_break_only_their_record(read):
    good = "机器不制冷".encode()

    cells, lines, broken = read(b"a,b\n1," + good + b"\n2,\xff\xfe\n3," + good * 20 + b"\n")

    assert (len(cells), lines) == (2, [2, 4])
    assert broken == [(3, "record holds bytes that are not utf-8")]


def test_a_character_cut_at_the_end_of_the_file_breaks_its_record(read):
    good = "机器不制冷".encode()

    cells, _, broken = read(b"a,b\n1," + good * 9 + b"\n2," + good[:-1])

    assert len(cells) == 1
    assert broken == [(3, "record holds bytes that are not utf-8")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_told_from_header_and_records(read, delimiter):
    row = delimiter.join(["1", '"2,5;|"', "x"])

    assert read(delimiter.join("abc").encode() + f"\n{row}\n".encode())[0] == [("1", "2,5;|", "x")]


def test_any_character_can_be_declared_as_delimiter(read):
    assert read(b"a^b\n1^2\n", delimiter="^")[0] == [("1", "2")]


def test_lines_above_the_header_are_skipped(read):
    cells, lines, _ = read(b"Report of 2024\n\na,b\n1,2\n", skip_rows=2)

    assert (cells, lines) == ([("1", "2")], [4])


TEXTS = {
    "utf-8": "机器坏了 请维修",
    "utf-8-sig": "机器坏了 请维修",
    "utf-16": "机器坏了 请维修",
    "gb18030": "机器坏了 不能开机 请尽快安排师傅上门维修",
    "gbk": "空调",
    "big5": "機器壞了不能開機請儘快維修謝謝",
    "euc-kr": "문이 고장났습니다 수리해 주세요 문이 고장났습니다",
    "cp1252": "Vidéo très fâché",
    "cp1251": "Машина не работает, сломалась дверь",
}


@pytest.mark.parametrize(("encoding", "text"), TEXTS.items())
def test_encodings_are_detected(read, encoding, text):
    cells, _, broken = read(f'a,b\n1,"{text}"\n2,"{text}"\n'.encode(encoding))

    assert (cells, broken) == ([("1", text), ("2", text)], [])


def test_a_gzip_file_is_read_through_whatever_its_name(tmp_path):
    source = opened(tmp_path / "t.csv", gzip.compress(b"a,b\n1,2\n") + gzip.compress(b"3,4\n"))

    assert records(source)[0] == [("1", "2"), ("3", "4")]


def test_a_column_without_name_gets_its_number(read, tmp_path):
    assert opened(tmp_path / "t.csv", b",b\n1,2\n").header == ("column_1", "b")


def test_a_quote_that_swallows_the_file_is_an_error_with_its_line(tmp_path):
    source = opened(tmp_path / "t.csv", b'a,b\n1,2\n3,"4\n' + b"5,6\n" * 100)

    with pytest.raises(DataError, match="on line 3 is longer than 64 bytes; probably a quote"):
        records(CsvSource(source.file, source.head, block=64, longest=64))


@pytest.mark.parametrize(
    "name",
    ["cfpb_complaints", "olist_orders_sample", "uci_incident_log", "zh_car_reviews_ccf2018"],
)
def test_public_files_give_the_same_records_as_pythons_csv_module(shared_data, name):
    for path in sorted((shared_data / name).glob("*.csv.gz")):
        mapping = TableMapping(**{**vars(MAPPING), "files": (path.name,)})
        batches = list(SourceReader(mapping, raw=path.parent, rows=1000).batches())
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            expected = [tuple(row) for row in csv.reader(file) if row][1:]

        found = [
            row
            for batch in batches
            for row in zip(*(c.to_pylist() for c in batch.records.columns[:-2]), strict=True)
        ]
        assert found == expected, path.name
        assert not any(batch.broken.num_rows for batch in batches)
