"""What callers and customers of the sample company say, with personal data among it."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd

from aftersales.sample.company import Company
from aftersales.sample.dirt.personal import remarks

Planted = list[tuple[str, str]]  # personal data in texts: kind, datum
PERSONAL = 0.03  # share of texts in which somebody leaves a number or address
TAILS = (
    "",
    ",希望尽快处理",
    ",已经是第二次报修",
    ",家里有老人,比较着急",
    ",请安排师傅上门",
    ",周末在家",
)
OTHER = {
    "complaint": ("师傅迟到两小时", "客服态度不好", "收费不透明", "安装不规范", "等待时间太长"),
    "enquiry": ("咨询保修期多久", "询问滤网怎么清洗", "问配件价格", "想预约保养", "咨询延保"),
    "suggestion": ("建议增加晚间上门时段", "建议说明书字大一点", "希望App能看维修进度"),
    "return_request": ("申请退货", "收到时外箱破损,要求换货", "尺寸不合适,想退"),
}
COMMENTS = {
    "good": ("师傅很专业", "很满意", "速度快,态度好", "送货准时"),
    "bad": ("等了太久", "没有修好", "态度一般", "包装破损", "收费偏高"),
}


def descriptions(
    tickets: pd.DataFrame, company: Company, *, types: tuple[str, ...], rng: np.random.Generator
) -> tuple[np.ndarray, Planted]:
    """One text per ticket, and the personal data planted in them as (kind, datum)."""
    kind, issue = tickets["type"].to_numpy(), tickets["issue"].to_numpy()
    texts = np.empty(len(tickets), dtype=object)
    for code, name in enumerate(types):
        if name in OTHER:
            _fill(texts, kind == code, OTHER[name], rng, tails=("", ",谢谢"))
    for code, one in enumerate(company.issues):
        _fill(texts, (kind == 0) & (issue == code), one.says, rng)
    return _with_remarks(texts, share=PERSONAL, rng=rng)


def comments(happy: np.ndarray, *, rng: np.random.Generator) -> tuple[np.ndarray, Planted]:
    """A comment on three answers in ten (empty otherwise), and the personal data in them."""
    texts = np.full(len(happy), "", dtype=object)
    spoke = rng.random(len(happy)) < 0.3
    _fill(texts, spoke & happy, COMMENTS["good"], rng, tails=("",))
    _fill(texts, spoke & ~happy, COMMENTS["bad"], rng, tails=("",))
    return _with_remarks(texts, share=PERSONAL / 3, rng=rng)


def _fill(
    texts: np.ndarray, where: np.ndarray, says, rng: np.random.Generator, *, tails=TAILS
) -> None:
    known = np.array([a + b for a, b in product(says, tails)], dtype=object)
    texts[where] = known[rng.integers(0, len(known), where.sum())]


def _with_remarks(
    texts: np.ndarray, *, share: float, rng: np.random.Generator
) -> tuple[np.ndarray, Planted]:
    rows = np.flatnonzero((rng.random(len(texts)) < share) & (texts != ""))
    planted = []
    for row, (words, datum, kind) in zip(rows, remarks(len(rows), rng=rng), strict=True):
        texts[row] += words
        planted.append((kind, datum))
    return texts, planted
