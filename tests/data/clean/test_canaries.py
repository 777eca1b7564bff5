"""No personal datum planted in the sample's raw files is in anything that cleaning writes."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from aftersales.data.clean.clean import clean_profile
from aftersales.profile.config import find_root, read_profile
from aftersales.sample.dirt.personal import GIVEN, SURNAMES
from aftersales.sample.generator import canaries, write_sample

pytestmark = pytest.mark.slow
KEY = "only for the tests of this project"


@pytest.fixture(scope="module")
def raw(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("raw")
    write_sample(folder, tickets=3_000, months=24)
    return folder


@pytest.fixture(scope="module")
def written(raw, tmp_path_factory) -> dict[str, str]:
    """Everything that cleaning the raw files wrote, as text by file."""
    folder = tmp_path_factory.mktemp("processed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AFTERSALES_KEY", KEY)
        profile = read_profile("sample", root=find_root(Path(__file__).parent))
        clean_profile(profile, raw=raw, processed=folder)
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): content(path) for path in files}


def content(path: Path) -> str:
    """The bytes of a file, and the decoded cells and metadata of a Parquet file."""
    text = path.read_bytes().decode("utf-8", errors="replace")
    if path.suffix != ".parquet":
        return text
    table = pq.read_table(path, partitioning=None)
    cells = [cell for column in table.columns for cell in distinct(column)]
    return "\n".join([path.as_posix(), str(table.schema.metadata), *cells, text])


def distinct(column: pa.ChunkedArray) -> list[str]:
    return [cell for cell in pc.unique(column.cast(pa.string())).to_pylist() if cell is not None]


def test_cleaning_wrote_tables_and_rejected_rows(written):
    tables = {name.split("/")[0] for name in written if name.endswith(".parquet")}

    assert {"tickets", "customers", "surveys", "rejected"} <= tables


def test_no_planted_datum_is_in_anything_written(raw, written):
    everything = "\n".join(written.values())

    found = [datum for datum in canaries(raw) if datum in everything]

    assert found == [], [name for name, text in written.items() if found[0] in text]


def test_no_member_can_be_found_by_number_or_name(raw, written):
    members = pd.read_csv(raw / "members.csv", dtype=str, encoding="utf-8-sig")
    numbers, names = set(members["手机号"]), {a + b for a, b in product(SURNAMES, GIVEN)}

    for name, text in written.items():
        digits = set(re.findall(r"(?<!\d)1\d{10}(?!\d)", text))
        assert not digits & numbers, name
        assert not [person for person in names if person in text], name


def test_the_search_would_find_a_datum_that_slipped_through(tmp_path):
    pq.write_table(pa.table({"comment": ["请联系13812345678"]}), tmp_path / "part-0.parquet")

    assert "13812345678" in content(tmp_path / "part-0.parquet")


def test_texts_keep_their_words_without_the_data(written):
    tickets = "\n".join(text for name, text in written.items() if name.startswith("tickets/"))

    assert "不制冷" in tickets
    assert "请联系[phone]" in tickets
