"""The source systems of the sample company: each writes its table in its own way.

Every function turns coded tables into source columns: arrays of text as the system exports it
(empty where nothing is known), or of numbers and times where the export is typed.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from aftersales.sample.block import Block
from aftersales.sample.dirt import personal
from aftersales.sample.dirt.soil import Columns
from aftersales.sample.dirt.spelling import named, numbered, text, yes
from aftersales.sample.tables import orders as shop
from aftersales.sample.tables.faults import World
from aftersales.sample.tables.tickets import OUTCOMES

TYPE_NAMES = ("报修", "投诉", "咨询", "建议", "退换货")
CHANNEL_NAMES = ("热线", "微信", "APP", "门店")
PRIORITY_NAMES = ("P1", "P2", "P3")
KIND_NAMES = ("退货", "换货")
TIER_NAMES = {"gold": "金卡", "silver": "银卡", "standard": "普通"}
SHORT, OFFICIAL, ENGLISH, LETTER = 1, 0, 2, 3  # styles of spelling in `company.yaml`


def units(block: Block) -> Columns:
    """The serial number register."""
    company, frame = block.world.company, block.units
    return {
        "序列号": block.serials,
        "品类": named(
            frame["product"], [p["spellings"][0] for p in company.raw["products"].values()]
        ),
        "型号": named(frame["model"], [m.name for m in company.models]),
        "批次": block.lots,
        "供应商": named(frame["supplier"], company.suppliers),
        "工艺": named(frame["process"], company.processes),
        "工厂": named(frame["plant"], company.plants),
        "生产日期": _dates(frame["built_at"]),
        "出厂日期": _dates(frame["shipped_at"]),
        "安装日期": _dates(frame["in_service_at"]),
        "省份": company.spellings[frame["province"], SHORT],
        "发货仓": named(frame["warehouse"], company.warehouses),
        "用户手机": block.phones[frame["customer"]],
        "保修月数": named(frame["product"], ["72", "36", "36", "24"]),
    }


def _dates(moments) -> np.ndarray:
    return text(np.asarray(moments).astype("datetime64[D]"))


def tickets(block: Block) -> tuple[Columns, np.ndarray]:
    """The call centre's tickets, and the year of each one's opening."""
    company, frame = block.world.company, block.tickets
    unit = frame["unit"].to_numpy()
    year = 1970 + frame["opened_at"].to_numpy().astype("datetime64[Y]").astype(int)
    province, code = (
        block.units["province"].to_numpy()[unit],
        block.units["product"].to_numpy()[unit],
    )
    style = _styles(year, block.world.calendar.last, rng=block.rng("styles"))
    products = np.array([p["spellings"] for p in company.raw["products"].values()], dtype=object)
    return {
        "工单号": numbered("GD", block.first + frame.index.to_numpy()),
        "创建时间": text(frame["opened_at"]),
        "响应时间": text(frame["responded_at"]),
        "解决时间": text(frame["resolved_at"]),
        "关闭时间": text(frame["closed_at"]),
        "工单类型": named(frame["type"], TYPE_NAMES),
        "问题分类": named(frame["issue"], [i.name for i in company.issues]),
        "问题描述": block.descriptions,
        "严重度": named(frame["severity"] - 1, ["1", "2", "3", "4"]),
        "优先级": named(frame["priority"], PRIORITY_NAMES),
        "渠道": named(frame["channel"], CHANNEL_NAMES),
        "省份": company.spellings[province, style],
        "网点": named(frame["outlet"], [o for o, _ in company.outlets]),
        "品类": products[code, np.where(style == OFFICIAL, 1, np.where(style == SHORT, 0, style))],
        "型号": named(block.units["model"].to_numpy()[unit], [m.name for m in company.models]),
        "固件版本": named(frame["version"], company.versions),
        "序列号": block.serials[unit],
        "订单号": np.where(frame["type"].to_numpy() == 4, block.order_ids[unit], "").astype(object),
        "手机号": block.phones[block.units["customer"].to_numpy()[unit]],
        "坐席": _agents(frame),
        "联系次数": text(frame["contacts"]),
        "重开": yes(frame["reopened"]),
        "升级": yes(frame["escalated"]),
        "安全": yes(frame["safety"]),
        "费用(分)": text(np.round(frame["cost"].to_numpy() * 100).astype(np.int64)),
    }, year


def legacy_times(columns: Columns) -> Columns:
    """The old ticket system writes ``2023/01/31 08:15``: slashes, and no seconds."""
    times = [name for name in columns if name.endswith("时间")]
    return columns | {name: _slashed(columns[name]) for name in times}


def _slashed(values: np.ndarray) -> np.ndarray:
    short = pc.utf8_slice_codeunits(pa.array(values, pa.string()), 0, 16)
    return pc.replace_substring(short, "-", "/").to_numpy(zero_copy_only=False)


def _styles(year: np.ndarray, last: np.datetime64, *, rng) -> np.ndarray:
    """Until two years ago official names, last year short ones, now whatever people type."""
    current = 1970 + int(last.astype("datetime64[Y]").astype(int))
    typed = rng.choice([SHORT, OFFICIAL, ENGLISH, LETTER], len(year), p=[0.7, 0.1, 0.1, 0.1])
    return np.where(year == current, typed, np.where(year == current - 1, SHORT, OFFICIAL))


def _agents(frame: pd.DataFrame) -> np.ndarray:
    return numbered(
        "E", frame["outlet"].to_numpy().astype(np.int64) * 100 + 100 + frame["agent"], width=5
    )


def repairs(block: Block) -> Columns:
    """The workshops' repair orders."""
    company, frame = block.world.company, block.repairs
    return {
        "维修单号": numbered("WX", block.first + frame.index.to_numpy()),
        "工单号": numbered("GD", block.first + frame["ticket"].to_numpy()),
        "序列号": block.serials[frame["unit"]],
        "受理时间": text(frame["opened_at"]),
        "完成时间": text(frame["closed_at"]),
        "故障代码": named(frame["issue"], [i.code for i in company.issues]),
        "更换配件": _parts(frame, company),
        "网点": named(frame["outlet"], [o for o, _ in company.outlets]),
        "师傅": _agents(frame),
        "工时": text(frame["labour_hours"].round(2)),
        "人工费": text(frame["labour_cost"].round(2)),
        "配件费": text(frame["part_cost"].round(2)),
        "结果": named(frame["outcome"], OUTCOMES),
    }


def _parts(frame: pd.DataFrame, company) -> np.ndarray:
    parts = named(frame["issue"], [f"PJ-{i.code}" for i in company.issues])
    return np.where(frame["outcome"].to_numpy() == 1, parts, "").astype(object)


def orders(block: Block) -> Columns:
    """The shop's order lines, typed as the data warehouse keeps them."""
    company, frame = block.world.company, block.orders
    sold = block.units.loc[frame["unit"]]
    return {
        "line_id": block.line_ids[frame["unit"]],
        "order_id": block.order_ids[frame["unit"]],
        "member_phone": block.phones[sold["customer"]],
        "category": named(sold["product"], company.products),
        "sku": named(sold["model"], [m.name for m in company.models]),
        "lot": block.lots[frame["unit"]],
        "qty": np.ones(len(frame), dtype=np.int64),
        "amount": frame["amount"].to_numpy(),
        "created": frame["ordered_at"].to_numpy().astype("datetime64[s]"),
        "shipped": frame["shipped_at"].to_numpy().astype("datetime64[s]"),
        "promised": frame["promised_at"].to_numpy().astype("datetime64[s]"),
        "delivered": frame["delivered_at"].to_numpy().astype("datetime64[s]"),
        "channel": named(frame["channel"], shop.CHANNELS),
        "province": company.spellings[sold["province"], ENGLISH],
        "warehouse": named(sold["warehouse"], company.warehouses),
        "carrier": named(frame["carrier"], shop.CARRIERS),
    }


def returns(block: Block) -> Columns:
    """The returns desk's list."""
    company, frame = block.world.company, block.returns
    return {
        "退货单号": numbered("TH", block.first + frame.index.to_numpy()),
        "订单行号": block.line_ids[frame["unit"]],
        "类型": named(frame["kind"], KIND_NAMES),
        "申请日期": text(frame["requested_at"]),
        "收货日期": text(frame["received_at"]),
        "原因": named(frame["reason"], company.raw["returns"]["reasons"]),
        "数量": np.full(len(frame), "1", dtype=object),
        "退款金额": text(frame["refund_amount"].round(2)),
        "确认缺陷": yes(frame["confirmed_defect"]),
    }


def surveys(block: Block) -> Columns:
    """The survey tool's answers."""
    company, frame = block.world.company, block.surveys
    nps = frame["instrument"].to_numpy() == 1
    unit = frame["unit"].to_numpy()
    return {
        "id": numbered("S", block.first + frame.index.to_numpy()),
        "phone": block.phones[block.units["customer"].to_numpy()[unit]],
        "ticket": numbered("GD", np.where(frame["ticket"] < 0, -1, block.first + frame["ticket"])),
        "touchpoint": named(frame["touchpoint"], company.raw["surveys"]),
        "question": named(frame["instrument"], ("csat", "nps")),
        "score": frame["score"].to_numpy().astype(object),
        "min": np.where(nps, 0, 1).astype(object),
        "max": np.where(nps, 10, 5).astype(object),
        "invited": text(frame["invited_at"]),
        "answered": text(frame["answered_at"]),
        "channel": named(frame["channel"], ("sms", "app")),
        "province": company.spellings[block.units["province"].to_numpy()[unit], LETTER],
        "comment": block.comments,
    }


def customers(block: Block) -> Columns:
    """The member list, with names and addresses that must not pass cleaning."""
    company, frame = block.world.company, block.customers
    number = block.first + frame.index.to_numpy()
    street = numbered(
        company.spellings[frame["province"], OFFICIAL] + "幸福路", number % 9973, width=4
    )
    return {
        "手机号": block.phones,
        "姓名": personal.names(number),
        "邮箱": personal.emails(number),
        "地址": street,
        "省份": company.spellings[frame["province"], OFFICIAL],
        "会员等级": named(frame["tier"], [TIER_NAMES[t] for t in company.tiers]),
        "注册日期": _dates(frame["joined_at"]),
    }


def exposure(at_risk: np.ndarray, world: World) -> Columns:
    """Units in service, made from `at_risk`: month x province x model x version (last: none)."""
    company = world.company
    month, province, model, version = np.nonzero(at_risk)
    products = np.array([m.product for m in company.models])
    return {
        "month": _dates(world.calendar.tickets[month]),
        "province": named(province, company.provinces),
        "product": named(products[model], company.products),
        "model": named(model, [m.name for m in company.models]),
        "version": np.array([*company.versions, ""], dtype=object)[version],
        "in_service": text(at_risk[month, province, model, version]),
    }


def releases(world: World) -> Columns:
    """Firmware releases, by the development department."""
    raw = world.company.raw["versions"]
    connected = next(m for m in world.company.models if m.connected)
    return {
        "product": np.full(len(raw), world.company.products[connected.product], dtype=object),
        "version": np.array(list(raw), dtype=object),
        "released": np.array([f"{r['released']}-01" for r in raw.values()], dtype=object),
    }


def outlets(world: World) -> Columns:
    """The service network's list."""
    ids, province = zip(*world.company.outlets, strict=True)
    year = [f"{2008 + (i * 7) % 13}-0{1 + i % 9}-01" for i in range(len(ids))]
    return {
        "网点编号": np.array(ids, dtype=object),
        "省份": world.company.spellings[list(province), OFFICIAL],
        "开业日期": np.array(year, dtype=object),
    }


def actions(world: World) -> Columns:
    """Corrective actions so far; none of them touches what is planted."""
    rows = world.company.raw["actions"]
    return {key: np.array([str(row[key]) for row in rows], dtype=object) for key in rows[0]}
