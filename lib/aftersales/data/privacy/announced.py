"""Numbers and names of accounts that the word before them announces, personal or not."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aftersales.data.privacy.numbers import LIKE_X
from aftersales.data.privacy.views import Span

_IS = r"(?:号码|号|是|为|[\s:#=,(])?[\s:#=,(是为]{0,3}"
_NO = r"(?:[ ]?(?:no\.?|number|num|id|#))?"

_ID = re.compile(
    rf"(?:身份证|证件号?|公民身份|居民身份|(?<![a-z])id(?:entity)?[ ]card|identity"
    rf"|id[ ]n(?:o\.?|umber))"
    rf"(?:编号|证号)?{_NO}{_IS}(?P<it>\d(?:[ .·-]?\d){{13,18}}[{LIKE_X}]?)(?!\d)",
    re.IGNORECASE | re.ASCII,
)
_PAPER = re.compile(
    r"(?:护照|通行证|台胞证|台湾同胞证|回乡证|驾驶证|驾照|军官证|士兵证|居住证|居留证|社保卡?"
    r"|医保卡?|学生证"
    r"|档案编?号|passport|driv\w{2,4}[ ]licen[cs]e|social[ ]security|(?<![a-z])ssn)"
    rf"(?:编号|档案编号)?{_NO}{_IS}"
    r"(?P<it>[A-Z]{0,3}[ ]?\d(?:[ -]?\d){4,17}(?:[A-Z](?![A-Z]))?(?:\(\w\))?)(?!\d)",
    re.IGNORECASE | re.ASCII,
)
_CARD = re.compile(
    r"(?:银行卡|信用卡|储蓄卡|借记卡|工资卡|卡号|账号|帐号|账户|帐户|开户行?|IBAN"
    rf"|(?<![a-z])(?:card|account)[ ]?(?:no\.?|number|#)){_NO}{_IS}"
    r"(?P<it>(?:[A-Z]{2}\d{2}[ ]?)?\d(?:[ .-]?\d){7,24})(?!\d)",
    re.IGNORECASE | re.ASCII,
)
_WECHAT = (
    r"(?:微信|微訊|薇信|威信|维信|企业微信|[vV]信|扣扣|(?<![A-Za-z])(?:QQ|VX|WX|wechat|weixin"
    r"|whatsapp|telegram|skype)(?![A-Za-z]))"
)
_PLATFORM = r"(?:支付宝|抖音|快手|小红书|微博|旺旺|淘宝|京东|钉钉|飞书|陌陌|B站|alipay|tiktok|line)"
_HANDLE = r"(?P<it>[A-Za-z0-9_][A-Za-z0-9_.-]{4,29}(?<![.-]))"
_ACCOUNTS = [
    re.compile(rf"{_WECHAT}(?:账号|帐号|号码|号|同号|群|加|名|id)?{_IS}{_HANDLE}", re.I | re.ASCII),
    re.compile(
        rf"{_PLATFORM}(?:(?:账号|帐号|账户|用户名|昵称|号码|号|id)[\s:是为=]{{0,3}}"
        rf"|[ ]?[:=][ ]?){_HANDLE}",
        re.IGNORECASE | re.ASCII,
    ),
]
_POSTCODE = re.compile(
    rf"(?:邮编|邮政编码|post(?:al )?code|zip(?: code)?){_IS}(?P<it>\d{{6}})(?!\d)", re.I | re.ASCII
)
_BIRTHDAY = re.compile(
    rf"(?:出生(?:日期|年月日?|于)?|生日|birthday|date of birth|(?<![a-z])born(?: on)?"
    rf"|(?<![a-z])dob){_IS}"
    r"(?P<it>(?:19|20)\d\d[-/.年]? ?\d{1,2}[-/.月]? ?\d{1,2}日?|(?:19|20)\d\d年(?:\d{1,2}月)?"
    r"|\d{1,2}[-/.月]\d{1,2}日?(?:[-/.](?:19|20)\d\d)?)",
    re.IGNORECASE | re.ASCII,
)

_ORDER = re.compile(  # what is numbered like a person's number and is none
    r"(?:订单|工单|运单|单据|合同|保单|单号|编号|序列号?|流水号?|发票号?|物料号?|料号|件号"
    r"|货号|型号|(?<![手座])机号|机身号?|条码|条形码|批次号?|批号"
    r"|串号|串码|编码|代码|备件|配件|零件|部件|压缩机|主板|IMEI|MEID|ICCID"
    r"|(?<![A-Za-z])(?:S/?N|P/?N|SKU|RMA|SO|PO"
    r"|order|invoice|tracking|serial|part|item|ticket|barcode|model|batch|lot|asin|ean|upc))"
    r"(?:号码|单号|编号|编码|号|码)?(?:[ ]?(?:no\.?|number|num|id))?[\s:#是为_-]{0,3}"
    r"(?P<it>[A-Za-z0-9][A-Za-z0-9-]{4,39})(?![A-Za-z0-9])",
    re.IGNORECASE | re.ASCII,
)
_MEASURED = re.compile(
    r"(?:重量|净重|毛重|尺寸|长度|宽度|高度|价格|单价|金额|功率|容量|数量|里程|读数|电量|电压"
    r"|电流|转速|压力"
    r"|(?<![a-z])(?:weight|size|price|power|weighs))[:是为约 ]{0,2}(?P<it>\d[\d .,X*]{0,13})(?!\d)",
    re.IGNORECASE | re.ASCII,
)


def find_announced_ids(text: str) -> Iterator[Span]:
    """Numbers of papers after a word for one, also with a digit too many, too few or wrong."""
    for pattern in (_ID, _PAPER):
        yield from (match.span("it") for match in pattern.finditer(text))


def find_announced_cards(text: str) -> Iterator[Span]:
    """Numbers of cards and accounts after a word for one."""
    yield from (match.span("it") for match in _CARD.finditer(text))


def find_accounts(text: str) -> Iterator[Span]:
    """Names under which a person is found in a messenger or shop, after its name.

    >>> text = "微信 li_na88, 微信支付 order, VX:abcdef"
    >>> [text[start:end] for start, end in find_accounts(text)]
    ['li_na88', 'abcdef']
    """
    for pattern in _ACCOUNTS:
        for match in pattern.finditer(text):
            said = text[match.start() : match.start("it")].rstrip()
            if any(map(str.isdigit, match["it"])) or said[-1:] in ":=号" or said[-2:] == "id":
                yield match.span("it")


def find_postcodes(text: str) -> Iterator[Span]:
    """Chinese postcodes after a word for them."""
    yield from (match.span("it") for match in _POSTCODE.finditer(text))


def find_birthdays(text: str) -> Iterator[Span]:
    """Dates after a word for birth."""
    yield from (match.span("it") for match in _BIRTHDAY.finditer(text))


def find_others(text: str) -> Iterator[Span]:
    """Numbers of orders, parts and measures, which are nobody's number.

    >>> text = "订单号13812345678, 重量400 810 1234"
    >>> [text[start:end] for start, end in find_others(text)]
    ['13812345678', '400 810 1234']
    """
    for match in _ORDER.finditer(text):
        if any(map(str.isdigit, match["it"])):
            yield match.span("it")
    yield from (match.span("it") for match in _MEASURED.finditer(text))
