"""Names and addresses that the words around them announce; all others stay."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aftersales.data.privacy.views import Span

_TWO = (
    "欧阳|上官|司徒|诸葛|慕容|东方|令狐|皇甫|司马|夏侯|尉迟|公孙|端木|轩辕|宇文|长孙|独孤|南宫"
    "|百里|呼延|西门"
)
_ONE = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范"
    "方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦"
)
_SURNAME = rf"(?:{_TWO}|[{_ONE}])"
_HAN = "[\u4e00-\u9fff]"
_NO_NAME = (
    "方便|安排|经常|常用|时间|金额|高兴|高级|任何|文件|白天|万一|安装|易损|温度|严重|马上|何时|石材"
    "|金属|龙头|段时|雷雨|白色"
)
_ANNOUNCED = re.compile(
    r"(?:姓名|联系人|收货人|收件人|寄件人|机主|车主|户主|业主|客户名称?|客户姓名|用户姓名"
    r"|顾客姓名|报修人|本人叫?|我叫|名叫)"
    rf"[\s:是为叫]{{0,3}}(?P<it>(?!{_NO_NAME})(?:(?:{_TWO}){_HAN}{{1,2}}|[{_ONE}]{_HAN}{{1,2}}))"
)
_LABELLED = re.compile(rf"(?:姓名|联系人|收货人|收件人)[ ]?:[ ]?(?P<it>{_HAN}{{2,4}})(?!{_HAN})")
_TITLED = re.compile(
    rf"(?P<it>{_SURNAME}{_HAN}{{0,2}}?)(?=(?:先生|女士|小姐|太太|阿姨|大爷|大妈|同志|老师|大姐"
    rf"|大哥))"
)
_ENGLISH = re.compile(
    r"(?<![A-Za-z])(?:Mr|Mrs|Ms|Miss|Mx"
    r"|Dr)\.?[ ](?P<it>[A-Z][a-z'-]{1,20}(?:[ ][A-Z][a-z'-]{1,20}){0,2})"
    r"|(?<![A-Za-z])(?:[Nn]ame|[Cc]ontact(?: person)?|[Cc]onsignee|[Rr]ecipient)[ ]?:[ ]?"
    r"(?P<also>[A-Z][a-z'-]{1,20}(?:[ ][A-Z][a-z'-]{1,20}){1,2})"
)

_FLOOR = r"(?:号楼|栋|幢|座|单元|室|弄|[Ff](?![A-Za-z])|楼|层|房)"
_NUMBER = r"(?:\d{1,5}[A-Za-z]?|[A-Za-z]\d{0,3}|[一二三四五六七八九十]{1,3})"
_HOUSE = re.compile(
    rf"(?:(?:{_NUMBER}(?:号楼|栋|幢|座)[ -]?){_NUMBER}(?:单元|层|楼|室|房"
    rf"|号)[ -]?(?:{_NUMBER}(?:室|房|号|层|楼)?)?"
    rf"|{_NUMBER}单元[ -]?\d{{2,4}}(?:室|房|号)?"
    rf"|(?<={_HAN}{_HAN})(?:(?<![电线回管水油气支网短通断思套养])路|大街|街|大道|巷|弄"
    rf"|胡同)[ ]?\d{{1,5}}(?:号|弄)"
    rf"(?:[ ]?{_NUMBER}{_FLOOR}){{0,4}}(?:\d{{1,5}})?)"
)
_VERB = re.compile(r"(?:.*(?:[在到至住址寄送往去系为是]|上门|联系|地址))?", re.DOTALL)
_ADDRESS = re.compile(
    r"(?:地址|住址|住在|家住|寄到|寄往|送到|送至|送货到|住所)[\s:是为在]{0,3}"
    r"(?P<it>[\u4e00-\u9fffA-Za-z0-9 #()-]{2,60})"
)
_PLACES = "省市区县州镇乡村路街巷弄栋幢楼室苑园城厦院"
_IS_ADDRESS = re.compile(
    rf"[{_PLACES}].{{0,59}}?[\d{_PLACES}]|\d.{{0,9}}(?:road|street|avenue|lane)", re.IGNORECASE
)


def find_names(text: str) -> Iterator[Span]:
    """Names of persons after a word such as 联系人, or before one such as 女士.

    >>> text = "联系人王建国, 欧阳娜娜女士, 张三"
    >>> [text[start:end] for start, end in find_names(text)]
    ['王建国', '欧阳娜娜']
    """
    for pattern in (_ANNOUNCED, _LABELLED, _TITLED):
        yield from (match.span("it") for match in pattern.finditer(text))
    for match in _ENGLISH.finditer(text):
        yield match.span("it" if match["it"] else "also")


def find_addresses(text: str) -> Iterator[Span]:
    """Addresses after a word for one, and those with a house or a flat in them.

    >>> text = "家住海淀区中关村大街27号, 幸福里3栋2单元501"
    >>> sorted({text[start:end] for start, end in find_addresses(text)}, key=text.find)
    ['海淀区中关村大街27号', '幸福里3栋2单元501']
    """
    for match in _ADDRESS.finditer(text):
        if _IS_ADDRESS.search(match["it"]):
            yield match.span("it")
    for house in _HOUSE.finditer(text):
        first = max(0, house.start() - 40)
        before = re.split(r"[^\u4e00-\u9fff0-9]", text[first : house.start()])[-1]
        told = _VERB.match(before)
        kept = len(before) - (told.end() if told else 0)
        yield house.start() - kept, house.end()
