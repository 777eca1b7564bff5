"""What cleaning keeps on disk cannot be turned back into telephone numbers without the key."""

from __future__ import annotations

import hashlib
import hmac
import re

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aftersales.data.privacy.siphash import siphash

FACTOR, WORD = 0xD6E8FEB86659FD93, 2**64 - 1  # DuckDB's way of joining two hashes
PREFIX, TRIED = 1_380_000, 10_000  # numbers the attacker tries: 13800000000 to 13800009999
PHONES = [f"{PREFIX}{tail:04d}" for tail in (17, 4711, 815, 9999, 1234, 5678)]
OWN = 0  # the attacker's own ticket: he knows its number
ROWS = [(phone, f"T{i}", f"2024-01-0{i + 1}") for i, phone in enumerate(PHONES)]
COLUMNS = ("phone", "id", "opened")
CANDIDATES = [f"{PREFIX}{tail:04d}" for tail in range(TRIED)]


def hashed(texts: list[str]) -> np.ndarray:
    connection = duckdb.connect()
    connection.register("batch", pa.table({"value": texts}))
    return connection.sql("select hash(value) as h from batch").to_arrow_table()["h"].to_numpy()


def peeled(mark: int, cells: tuple[str, ...]) -> int:
    """The hash before the visible cells were joined to it, the last one first."""
    for cell in reversed(cells):
        mixed = (mark ^ int(hashed([cell])[0])) * pow(FACTOR, -1, 2**64) & WORD
        mark = mixed ^ mixed >> 32
    return mark


def recovered(marks: list[int], *, seen: int) -> list[str]:
    """Numbers found from the marks of `ROWS`, by one known number and `seen` visible columns."""
    table = dict(zip(hashed(CANDIDATES).tolist(), CANDIDATES, strict=True))
    left = [peeled(mark, row[1 : 1 + seen]) for mark, row in zip(marks, ROWS, strict=True)]
    unknown = left[OWN] ^ int(hashed([PHONES[OWN]])[0])
    found = [table.get(mark ^ unknown) for mark in left]
    return [number for i, number in enumerate(found) if i != OWN and number == PHONES[i]]


@pytest.fixture
def processed(company):
    lines = [",".join(COLUMNS), *(",".join(row) for row in ROWS)]
    company.write("tickets.csv", "\n".join(lines) + "\n")
    columns = {
        "ticket_id": "id",
        "opened_at": "opened",
        "customer_id": {"from": "phone", "personal": "pseudonym"},
    }
    keys = {"content_key": ["customer_id", "ticket_id"], "gaps": [GAP]}
    company.clean({"tickets": {"files": ["tickets.csv"], "columns": columns, **keys}})
    return company.processed


GAP = {"columns": ["customer_id"], "reason": "none"}


def kept_marks(processed, name):
    files = sorted(processed.glob(".parts/tickets/*/part-*.parquet"))
    return [mark for file in files for mark in pq.read_table(file)[name].to_pylist()]


def test_the_attack_works_on_hashes_that_are_not_keyed():
    salt = "a salt that nobody knows"
    connection = duckdb.connect()
    connection.register("batch", pa.table({c: [r[i] for r in ROWS] for i, c in enumerate(COLUMNS)}))
    marks = connection.sql(f"select hash('{salt}', phone, id, opened) as h from batch").fetchall()
    assert recovered([mark for (mark,) in marks], seen=2) == PHONES[1:]


@pytest.mark.parametrize(("mark", "seen"), [("__hash", 2), ("__content", 1)])
def test_the_attack_recovers_nothing_from_what_is_kept(processed, mark, seen):
    assert recovered(kept_marks(processed, mark), seen=seen) == []


def digests(number: str) -> set[str]:
    """What someone without the key can make of a number, as hexadecimal digits and integers."""
    text, found = number.encode(), set()
    for name in ("md5", "sha1", "sha256", "blake2b", "blake2s"):
        found.add(hashlib.new(name, text).hexdigest())
        found.add(hmac.digest(b"", text, name).hex())
    return found | {digest[:16] for digest in found}


def test_no_digest_of_a_number_that_can_be_made_without_the_key_is_on_disk(processed):
    texts, numbers = set(), set()
    for file in (f for f in processed.rglob("*") if f.is_file()):
        if file.suffix == ".parquet":
            for column in pq.read_table(file, partitioning=None).columns:
                values = set(column.to_pylist())
                numbers |= {v for v in values if isinstance(v, int)}
                texts |= {v for v in values if isinstance(v, str)}
        else:
            texts |= set(re.findall(r"\w+", file.read_text(encoding="utf-8")))
    bare = hashed(PHONES)
    unkeyed = set(bare.tolist()) | set(siphash(bare, key=bytes(16)).tolist())
    assert not texts & set(PHONES).union(*map(digests, PHONES))
    assert not numbers & unkeyed


def test_a_profile_without_personal_columns_has_keyed_marks_too(company, monkeypatch):
    block = {"files": ["t.csv"], "columns": {"ticket_id": "id", "opened_at": "opened"}}
    company.write("t.csv", "phone,id,opened\n13800000017,T1,2024-01-01\n")
    company.clean({"tickets": block})
    before = kept_marks(company.processed, "__hash")
    monkeypatch.setenv("AFTERSALES_KEY", "another key, which is just as long as it must be")
    company.clean({"tickets": block})
    assert kept_marks(company.processed, "__hash") != before
