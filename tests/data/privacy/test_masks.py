"""What masking takes out of a text, and what it leaves."""

from __future__ import annotations

import random
import re
import string

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from aftersales.data.privacy.masks import KINDS, mask_text
from aftersales.data.privacy.numbers import is_card
from aftersales.data.privacy.vehicles import vin_checks


def masked(text: str) -> str:
    return mask_text(pd.Series([text]))[0][0]


# --- what is masked -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "number",
    [
        "13800138000",
        "138 0013 8000",
        "138-0013-8000",
        "138.0013.8000",
        "138 001 38000",
        "+8613800138000",
        "+86 138 0013 8000",
        "0086-13800138000",
        "(+86)13800138000",
        "8613800138000",
        "013800138000",
        "１３８００１３８０００",
        "１３８－００１３－８０００",
        "010-88886666",
        "(010) 88886666",
        "（0755）8888-6666",
        "0755-8888666",
        "0755 88886666",
        "075588886666",
        "+86 21 5888 1234",
        "010-88886666-8012",
        "010-88886666转8012",
        "400-810-1234",
        "400 8101 234",
        "4008101234",
        "800-820-8888",
        "+1 415 555 2671",
        "(415) 555-2671",
        "415-555-2671",
        "+44 20 7946 0958",
        "020 7946 0958",
        "+4930123456",
        "0049 30 1234567",
        "01 42 68 53 00",
        "+81 3-1234-5678",
        "03-1234-5678",
        "+91 98765 43210",
        "(11) 91234-5678",
    ],
)
@pytest.mark.parametrize(
    ("before", "after"), [("", ""), ("请打", "找王工"), ("No", "xyz"), ("1. ", "。")]
)
def test_telephone_numbers_are_masked_in_every_usual_form(number, before, after):
    assert masked(before + number + after) == f"{before}[phone]{after}"


def test_a_number_after_a_word_for_telephone_is_masked_in_any_form():
    assert masked("电话：88886666") == "电话：[phone]"
    assert masked("tel 5551234, model 5551234") == "tel [phone], model 5551234"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("身份证11010519491231002X", "身份证[id]"),  # the example of GB 11643-1999
        ("身份证11010519491231002x有误", "身份证[id]有误"),
        ("110105 19491231 002X", "[id]"),
        ("１１０１０５１９４９１２３１００２Ｘ", "[id]"),
        ("旧证110105491231002。", "旧证[id]。"),
        ("写信到li.na+1@mail.example.com谢谢", "写信到[email]谢谢"),
        ("ＬＩ＠example.cn", "[email]"),
        ("josé@exemple.fr", "[email]"),
        ("卡号6222021234567890128到账", "卡号[card]到账"),
        ("4111 1111 1111 1111", "[card]"),
        ("2 x 4111-1111-1111-1111", "2 x [card]"),
        ("12 4111 1111 1111 1111", "12 [card]"),
        ("378282246310005", "[card]"),
        ("车牌粤B12345来店", "车牌[plate]来店"),
        ("粤B·12345", "[plate]"),
        ("京A-F1234", "[plate]"),
        ("沪A12345D", "[plate]"),
        ("粤BD12345，", "[plate]，"),
        ("粤B1234学", "[plate]"),
        ("冀A1234挂", "[plate]"),
        ("苏A1234警", "[plate]"),
        ("粤Z1234港", "[plate]"),
        ("粤ｂ１２３４５", "[plate]"),
        ("WJ粤1234X", "[plate]"),
        ("VIN: 1M8GDM9AXKP042788", "VIN: [vin]"),  # check digit X: the example of 49 CFR 565
        ("车架号1m8gdm9axkp042788。", "车架号[vin]。"),
        ("VIN1M8GDM9AXKP042788", "VIN[vin]"),
        ("WVWZZZ1JZXW000001", "[vin]"),  # Europe has no check digit
    ],
)
def test_identity_card_plate_vin_and_mail_are_masked(text, expected):
    assert masked(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "order 20240315123456 of 2024-03-15 10:30:00",
        "订单号1234567890，2024/3/15下单",
        "SO-2024-000123, RMA 2024-0315-01",
        "invoice 536365, stock code 85123A",
        "KFR-35GW/(35580)FNhAa-A1",
        "XQG100-14BVD7S 洗衣机",
        "price 1,299.00, was 12 999,00; 3999元",
        "230 V, 50 Hz, 1500 W, 0.75 m, 12.5 kg, 3.14159265358979",
        "-20.5 to 40.25 C; 1013.25 hPa; 100-200-300",
        "part WPW10321304, part 8541960000-EL",
        "SN2024ABCDEF12345",
        "serial ABCDEFGHJKLMNPRST",
        "barcode 6901234567892",
        "version 3.2.10.20240315",
        "batch B2407, 全新A12345型",
        "110105209912310021",  # no birthday, and the check digit does not fit
        "4111111111111112",  # a card number but for its check digit
        "2023 2024 2025 2026",
        "between 2024-01-15 2024-02-20",
        "10.0.0.1 and 192.168.100.254",
        "user@host",
        "tracking 1Z999AA10123456784, SF1234567890123",
        "京东订单2024031512345",
        "parts 302583-9001, 01-1008-0040, 78-8067-3878",
        "serial number27987897001",
    ],
)
def test_what_is_not_personal_stays(text):
    assert masked(text) == text


def test_counts_say_how_many_of_each_kind():
    texts = pd.Series(["13800138000 or a@b.cn", None, "13900139000", "fine"])

    result, counts = mask_text(texts)

    assert counts == dict.fromkeys(KINDS, 0) | {"phone": 2, "email": 1}
    assert result.isna().tolist() == [False, True, False, False]


def test_of_two_cards_side_by_side_both_are_masked():
    assert "4242" not in masked("4111 1111 1111 1111 4242 4242 4242 4242")


# --- invariants -----------------------------------------------------------------------------


def luhn(body: str) -> str:
    return next(body + d for d in string.digits if is_card(body + d))


def identity_number(area: str, birthday, serial: int) -> str:
    body = f"{area}{birthday:%Y%m%d}{serial:03d}"
    weights = [2 ** (17 - i) % 11 for i in range(17)]
    total = sum(w * int(d) for w, d in zip(weights, body, strict=True))
    return body + "10X98765432"[total % 11]


def vin(seed: int) -> str:
    chance = random.Random(seed)
    letters = "ABCDEFGHJKLMNPRSTUVWXYZ"
    body = "LSV" + "".join(chance.choice(letters + string.digits) for _ in range(6))
    tail = chance.choice("ABCDEFGH") + "B" + f"{chance.randrange(10**6):06d}"
    checked = (body[:8] + c + tail for c in "0123456789X")
    return next(v for v in checked if vin_checks(v))


digits = st.text(string.digits, min_size=8, max_size=8)
CANARIES = {
    "mobile": st.tuples(
        st.sampled_from(["", "+86 ", "+86-", "0086", "86"]),
        st.sampled_from("3456789"),
        st.text(string.digits, min_size=9, max_size=9),
        st.sampled_from(["", " ", "-"]),
    ).map(lambda t: f"{t[0]}1{t[1]}{t[2][0]}{t[3]}{t[2][1:5]}{t[3]}{t[2][5:]}"),
    "landline": st.tuples(
        st.sampled_from(["010", "021", "0755", "0512", "(028)"]),
        st.sampled_from(["", "-", " "]),
        st.sampled_from("2345678"),
        st.text(string.digits, min_size=7, max_size=7),
    ).map("".join),
    "abroad": digits.map(lambda d: f"+49 30 {d}"),
    "identity": st.tuples(
        st.sampled_from(["110105", "440305", "510104"]),
        st.dates(
            min_value=pd.Timestamp("1930-01-01").date(), max_value=pd.Timestamp("2020-01-01").date()
        ),
        st.integers(0, 999),
    ).map(lambda t: identity_number(*t)),
    "card": st.tuples(st.sampled_from(["622202", "411111", "552222"]), digits).map(
        lambda t: luhn(t[0] + t[1] + "7")
    ),
    "spaced card": digits.map(
        lambda d: " ".join(luhn("6222" + d + "123")[i : i + 4] for i in range(0, 16, 4))
    ),
    "email": st.from_regex(
        r"[a-z][a-z0-9._-]{0,8}[a-z0-9]@[a-z0-9]{2,8}\.(com|cn|org)", fullmatch=True
    ),
    "plate": st.tuples(
        st.sampled_from("京粤沪川苏"), st.sampled_from("ABCDEFG"), st.integers(10000, 99999)
    ).map(lambda t: f"{t[0]}{t[1]}{t[2]}"),
    "vin": st.integers(0, 10**6).map(vin),
}
anything = st.text(max_size=12)
# Words after which a number is that of an order or a part, and stays.
ANNOUNCES_OTHERS = re.compile(
    r"(?:S/?N|P/?N|SKU|RMA|SO|PO|IMEI|MEID|ICCID|order|invoice|tracking|serial|part|item|ticket"
    r"|barcode|model|batch|lot|asin|ean|upc)(?: ?(?:no\.?|number|num|id))?[\s:#_-]{0,3}$",
    re.IGNORECASE,
)
cjk = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), max_size=6)


@pytest.mark.slow
@pytest.mark.parametrize("kind", CANARIES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_canary_survives_in_any_surrounding_text(kind, data):
    canary = data.draw(CANARIES[kind])
    before, after = data.draw(st.one_of(anything, cjk)), data.draw(st.one_of(anything, cjk))
    # A digit (or, for plate, VIN and mail, a letter) that touches it would make it another number.
    touching = (before[-1:] + after[:1]).strip()
    assume(not ANNOUNCES_OTHERS.search(before))
    if kind in ("plate", "vin", "email"):
        assume(not any(c.isalnum() and c < "一" for c in touching) and before[-1:] not in "新.-+%'")
    else:
        assume(not any(c.isdecimal() for c in touching))

    assert canary not in masked(before + canary + after)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(*CANARIES.values(), anything, st.text("0123456789 -+().@ABLSV粤", max_size=24)),
        max_size=5,
    ).map("".join)
)
def test_masking_twice_changes_nothing_more(text):
    once = masked(text)
    assert masked(once) == once


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(exclude_categories=["Nd", "Nl", "No"]), max_size=60))
def test_a_text_without_digits_and_at_signs_comes_back_as_it_was(text):
    assume("@" not in text and "＠" not in text)
    assert masked(text) == text


@pytest.mark.parametrize("before", ["", "A", "ABCD", "SIZE", "size ", "重量"])
def test_a_card_is_masked_after_other_letters_and_words_of_measure(before):
    assert masked(f"{before}6222020000000072") == f"{before}[card]"
    assert masked("size 42, 重量 13 kg") == "size 42, 重量 13 kg"
