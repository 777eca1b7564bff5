"""Ways of writing personal data, made up here, and harmless texts that look like them."""

from __future__ import annotations

import pandas as pd
import pytest

from aftersales.data.privacy.masks import mask_text

AROUND = ["{}", "客户说{}，已记录", "note {} end", "（{}）"]


def masked(text: str) -> str:
    return mask_text(pd.Series([text]))[0][0]


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize(
    "number",
    [
        "139  1234  5678",
        "139\t1234\t5678",
        "139\n1234\n5678",
        "139\r\n1234\r\n5678",
        "139&nbsp;1234&nbsp;5678",
        "139\u200b1234\u200b5678",
        "139\u00ad1234\u00ad5678",
        "139_1234_5678",
        "139/1234/5678",
        "139、1234、5678",
        "139,1234,5678",
        "13 912 345 678",
        "139 12 34 56 78",
        "139123-45678",
        "1 3 9 1 2 3 4 5 6 7 8",
        "1-3-9-1-2-3-4-5-6-7-8",
        "一三九一二三四五六七八",
        "幺三九 一二三四 五六七八",
        "壹叁玖壹贰叁肆伍陆柒捌",
        "①③⑨①②③④⑤⑥⑦⑧",
        "13O12345678",
        "1391234567813812345679",
        "0456 446 172",
        "香港91234567",
        "手机号 13912345678",
        "电话86543210",
        "家里8654-3210",
    ],
)
def test_telephone_numbers_are_masked_however_they_are_grouped(number, around):
    left = masked(around.format(number))
    assert "[phone]" in left
    assert not any(part in left for part in ("3456", "三四五六", "③④⑤", "1391", "5678", "9123"))
    assert left.startswith(around.split("{}")[0])
    assert left.endswith(around.split("{}")[1])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("身份证11010519491231002", "身份证[id]"),  # a digit is missing
        ("身份证号:110105194912310021", "身份证号:[id]"),  # the check digit is wrong
        ("11010519491231002×", "[id]"),
        ("11010519491231002Х", "[id]"),  # a Cyrillic letter
        ("110 105 1949 1231 002X", "[id]"),
        ("110105.19491231.002X", "[id]"),
        ("A123456789 of Taiwan", "[id] of Taiwan"),  # the usual example, with its check digit
        ("HK A123456(3)", "HK [id]"),
        ("护照号码：EA1234567", "护照号码：[id]"),
        ("passport 123456789 lost", "passport [id] lost"),
        ("港澳通行证C12345678", "港澳通行证[id]"),
        ("驾驶证档案编号440012345678", "驾驶证档案编号[id]"),
        ("银行卡6222021234567890123", "银行卡[card]"),  # the Luhn digit is wrong
        ("退到账号 1202 0212 3456 7890 123", "退到账号 [card]"),
        ("6222.0212.3456.7890.128", "[card]"),
        ("微信zhang_san88", "微信[account]"),
        ("加微信：wxid_abcdef", "加微信：[account]"),
        ("VX:zs123456", "VX:[account]"),
        ("QQ号 123456789", "QQ号 [account]"),
        ("抖音号abc12345", "抖音号[account]"),
        ("支付宝账号 zs_1990", "支付宝账号 [account]"),
        ("邮箱：张三@例子.中国", "邮箱：[email]"),
        ("mail a@xn--fsq.xn--0zwm56d", "mail [email]"),
        ("abc @ qq.com", "[email]"),
        ("abc(at)qq.com", "[email]"),
        ("12345678#qq.com", "[email]"),
        ("12345678@qq。com", "[email]"),
        ("12345678艾特qq.com", "[email]"),
        ('"a b"@example.com', "[email]"),
        ("粤-B12345", "[plate]"),
        ("京AABCD1", "[plate]"),
        ("使014578", "[plate]"),
        ("车架号 LSV AU218 0N2 183294", "车架号 [vin]"),
        ("VIN: LSVAU2180N2183299", "VIN: [vin]"),  # the check digit is wrong
        ("邮编100020", "邮编[address]"),
        ("生日1985-03-02", "生日[birthday]"),
        ("出生1985年3月2日", "出生[birthday]"),
        ("联系人李晓明，急", "联系人[name]，急"),
        ("姓名:阿依古丽", "姓名:[name]"),
        ("王先生来电", "[name]先生来电"),
        ("司马小燕女士", "[name]女士"),
        ("Mr. John Smith called", "Mr. [name] called"),
        ("地址:北京市朝阳区建国路88号", "地址:[address]"),
        ("上门到翠苑小区3幢2单元501", "上门到[address]"),
        ("杭州市西湖区文三路99号3栋060室", "[address]"),
    ],
)
def test_what_a_word_announces_or_a_check_digit_shows_is_masked(text, expected):
    assert masked(text) == expected


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize(
    "text",
    [
        "订单号13912345678",
        "订单编号:15012345678",
        "order no. 13912345678",
        "件号302-583-9001",
        "part 415-555-2671",
        "0040412345",
        "209-0537-1592",
        "物料5830440821",
        "IMEI 867404169038097",
        "四川A39192型",
        "云A25314平台",
        "阿里云E20245",
        "南宁A15868",
        "更新A12345",
        "电话 20240315 打了3次",
        "电话2024-03-05反馈",
        "电话是2425507",
        "重量400 289 6880",
        "800 600 4757",
        "尺寸595×595×238",
        "192.168.100.25",
        "13,800,138,000",
        "135 2400 1200 mm",
        "130 140 150 160 170",
        "一二三四五六七八",
        "二〇二四年三月",
        "①检查②更换③测试④上电⑤保压⑥排水⑦试机⑧完成",
        "微信支付失败",
        "QQ音乐无声",
        "卡号读取失败",
        "客户方便时上门",
        "联系人方便时再联系",
        "电路2号端子",
        "3号机",
        "2室1厅",
        "地址错误 E21",
        "SN053721296626277205",
        "压缩机LSVAU2180N2183294",
        "serial ABCDEFGHJKLMNPRST",
        "@客服81",
        "3@84",
    ],
)
def test_harmless_texts_stay(text, around):
    assert masked(around.format(text)) == around.format(text)


@pytest.mark.parametrize("text", ["张三来电", "Zhang Wei", "机器在客厅", "李师傅已上门"])
def test_names_and_places_that_no_word_announces_stay(text):
    assert masked(text) == text
