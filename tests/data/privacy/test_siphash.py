"""SipHash-2-4 beside its authors' values and a plain writing of it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aftersales.data.privacy.siphash import siphash

KEY = bytes(range(16))
WORD = 2**64 - 1


def plain(number: int, key: bytes) -> int:
    """The same one number at a time, as the paper's section 2 writes it."""
    halves = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:], "little")
    start = b"somepseudorandomlygeneratedbytes"
    v = [int.from_bytes(start[i * 8 : i * 8 + 8], "big") ^ halves[i % 2] for i in range(4)]

    def turned(word: int, by: int) -> int:
        return (word << by | word >> 64 - by) & WORD

    def step() -> None:
        v[0], v[2] = (v[0] + v[1]) & WORD, (v[2] + v[3]) & WORD
        v[1], v[3] = turned(v[1], 13) ^ v[0], turned(v[3], 16) ^ v[2]
        v[0] = turned(v[0], 32)
        v[2], v[0] = (v[2] + v[1]) & WORD, (v[0] + v[3]) & WORD
        v[1], v[3] = turned(v[1], 17) ^ v[2], turned(v[3], 21) ^ v[0]
        v[2] = turned(v[2], 32)

    for block in (number, 8 << 56):
        v[3] ^= block
        step(), step()
        v[0] ^= block
    v[2] ^= 0xFF
    step(), step(), step(), step()
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def test_it_gives_the_authors_value_for_eight_bytes():
    # vectors.h of the reference code (Aumasson and Bernstein), input 00 01 ... 07
    number = np.frombuffer(KEY[:8], dtype="<u8")
    assert siphash(number, key=KEY).tobytes().hex() == "6224939a79f5f593"


@given(st.lists(st.integers(0, WORD), min_size=1, max_size=30), st.binary(min_size=16, max_size=16))
def test_many_at_once_are_the_same_as_one_at_a_time(numbers, key):
    found = siphash(np.array(numbers, dtype="uint64"), key=key)
    assert found.tolist() == [plain(number, key) for number in numbers]


def test_a_batch_that_is_cut_in_pieces_keeps_its_order():
    numbers = np.arange(40_000, dtype="uint64")
    found = siphash(numbers, key=KEY)
    assert found[[0, 16_384, 39_999]].tolist() == [plain(n, KEY) for n in (0, 16_384, 39_999)]
