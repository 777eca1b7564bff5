"""No text makes masking slow: the time is proportional to its length."""

from __future__ import annotations

import time

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aftersales.data.privacy.long_texts import LONG
from aftersales.data.privacy.masks import mask_text

PIECES = [
    *("-", "_", "a.", "@", "@a.", "a@a.", '"', '"a b"@', "1", "1 ", "12 34 ", "13 13 ", "138 "),
    *("0", "00 ", "+", "+1 ", "(0", "1.", "1\t\t\t", "\n", "1\n", "电话1", "微信a", "粤A1", "3栋"),
    *("大路3", "王", "王先生", "A", "A1", "账号1 ", "出生19", "a(at)", "一 ", "①", "1\u200b"),
    *("1&nbsp;", "订单a-", "省市区", "Mr. Ab ", "030 1234 56 ", "(11) 91234 5678 ", "13O"),
]
NOTE_S, LONG_S = 1.0, 2.0  # of processor time; quadratic patterns took 14 to 91 s for a note


def seconds(text: str) -> float:
    start = time.process_time()
    mask_text(pd.Series([text]))
    return time.process_time() - start


@pytest.mark.parametrize("piece", PIECES)
def test_a_note_of_16_kilobytes_is_masked_at_once(piece):
    assert seconds(piece * (16_000 // len(piece)) + "@") < NOTE_S


@pytest.mark.parametrize("piece", PIECES)
def test_a_cell_of_two_megabytes_is_masked_in_about_a_second(piece):
    assert seconds(piece * (2_000_000 // len(piece)) + "@") < LONG_S


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join))
def test_no_mixture_of_such_pieces_is_slow(piece):
    assert seconds((piece * 16_000)[:16_000] + "@") < NOTE_S


def test_a_long_text_keeps_no_number_and_no_address():
    words = "洗衣机不排水，客户要求上门。" * (LONG // 10)
    data = "电话139 1234 5678，邮箱li.na@example.com，身份证11010519491231002X，车牌粤B12345。"
    text, counts = mask_text(pd.Series([words + data + words]))
    assert text[0] == (words + "电话[phone]，邮箱[email]，身份证[phone]，车牌[plate]。" + words)
    assert {k: n for k, n in counts.items() if n} == {"email": 1, "phone": 2, "plate": 1}
