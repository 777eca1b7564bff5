"""What a text may hold, seen at a glance: which finders have to read it closely.

The patterns run in Arrow (RE2), over all texts of a column at once; a finder in Python costs a
hundred times as much.
"""

from __future__ import annotations

from itertools import compress

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from aftersales.data.privacy.vehicles import PROVINCES
from aftersales.data.privacy.views import NUMERALS

_ALNUM = "0-9a-z０-９ａ-ｚ"
_HINTS = {
    "email": r"[@＠]|艾特|[(\[{<（]at|#(?:qq|vip|fox|163|126|yeah|si|so|gm|out|hot|ic)",
    "number": r"(?:\p{Nd}[^\p{Nd}]{0,6}){7}|[1il][3-9][\doil]{9}",
    "long number": r"(?:\p{Nd}[^\p{Nd}]{0,2}){13}|[a-zａ-ｚ]\p{Nd}{6}",
    "numerals": rf"(?:[{NUMERALS}].{{0,2}}){{7}}",
    "vin": rf"[{_ALNUM}]{{17}}|(?-i:(?:[A-Z0-9][ -]?){{16}}[0-9])|vin|车架|车辆识|底盘号|chassis",
    "plate": rf"[{PROVINCES}][^\p{{L}}\p{{N}}]?[a-zａ-ｚ]|[wｗ][jｊ]|使\s?\p{{Nd}}{{3}}"
    r"|\p{Nd}{3}使|车牌|牌照|号牌|车号|军牌|plate|kennz|[a-zü]-[a-z]{1,2} \d{3}",
    "account": r"微信|微訊|[薇威维]信|[vwq][qx信]|[ｖｗｑ][ｑｘ信]|扣扣|wechat|weixin|whatsapp"
    r"|telegram|skype|抖音|快手|小红书|微博|旺旺|淘宝|支付宝|京东|钉钉|飞书|陌陌|b站"
    r"|alipay|tiktok|line ?(?:id|[:：])|邮编|邮政编|post|zip|出生|生日|birth|born|dob",
    "paper": r"身份|证|护照|社保|医保|档案|passport|licen|social|ssn|id|卡|[账帐]号|[账帐]户|开户"
    r"|card|account|iban",
    "name": r"姓名|联系人|收[货件]人|寄件人|[机车户业]主|客户名|报修人|本人|我叫|名叫|先生|女士"
    r"|小姐|太太|阿姨|大爷|大妈|同志|老师|大[姐哥]|\bm(?:rs?|s|iss|x)\b|\bdr\b|\bname|contact"
    r"|consignee|recipient",
    "address": r"[住地]址|家住|住在|住所|[寄送][到至往货]|\p{Nd}[^\s]{0,3}[栋幢座单楼]"
    r"|[一二三四五六七八九十][栋幢座单号]|[路街道巷弄同]\s?\p{Nd}",
}
_OTHER = (
    r"(?i)[单件货型机]号|编号|序列|流水|发票|物料|料号|机身|条码|条形|批[次号]|串[号码]|编码|代码|[备配零部]件|单据|合同|保单"
    r"|[订工运]单|压缩机|主板|imei|meid|iccid|s/?n|p/?n|sku|rma|so|po|order|invoice|track|serial|part|item|ticket"
    r"|barcode|model|batch|lot|asin|ean|upc|量|重|尺寸|[长宽高]度|价|金额|功率|里程|读数|电[压流]|转速|压力|weig|size|power|price"
)  # numbers that are nobody's
_SOME_DIGITS = r"(?:\p{Nd}[^\p{Nd}]{0,6}){5}"  # without which a word for a paper is none


_ANY = "(?i)" + "|".join(  # one pass over all texts; what it lets through is asked for each hint
    [_SOME_DIGITS, rf"[{_ALNUM}]{{17}}", r"[1il][3-9][\doil]{9}"]
    + [_HINTS[name] for name in ("email", "numerals", "plate", "account", "name", "address")]
)


def hints(text: pd.Series) -> tuple[np.ndarray, list[set[str]]]:
    """Which texts may hold anything, and what each of those may: names of finders in `masks`.

    >>> hints(pd.Series(["plain", "a@b.cn"]))
    (array([False,  True]), [{'email'}])
    """
    cells = pa.array(text, type=pa.string(), from_pandas=True)
    chosen = _matches(cells, _ANY)
    some = cells.filter(pa.array(chosen))
    found = {name: _matches(some, f"(?i){hint}") for name, hint in _HINTS.items()}
    found["paper"] &= _matches(some, _SOME_DIGITS)
    held = np.any(list(found.values()), axis=0)
    chosen[chosen] = held
    found["other"] = _matches(some, _OTHER)
    return chosen, [set(compress(found, row)) for row in np.stack(list(found.values()))[:, held].T]


def _matches(cells: pa.Array, pattern: str) -> np.ndarray:
    found = pc.fill_null(pc.match_substring_regex(cells, pattern), False)
    return found.to_numpy(zero_copy_only=False).copy()
