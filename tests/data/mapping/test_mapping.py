"""What `sources.yaml` says of tables, and what it may not say."""

from types import SimpleNamespace

import pandas as pd
import pytest
import yaml

from aftersales.data.mapping.mapping import TableMapping, read_mapping
from aftersales.errors import ConfigError
from aftersales.profile.regions import read_tree

TICKETS = "files: [t.csv]\ncolumns:\n  ticket_id: 工单号\n  opened_at: 时间\n"


def read(text: str, **face) -> dict[str, TableMapping]:
    profile = SimpleNamespace(
        name="acme",
        sources={**face, "tables": yaml.safe_load(text)},
        regions=read_tree({"id": "all", "level": "company"}, file="regions.yaml"),
        playbook={},
    )
    return read_mapping(profile)


def tickets(more: str = "", columns: str = "", **face) -> TableMapping:
    """The mapping of a small ticket table with more keys or more columns."""
    block = TICKETS + "".join(f"  {line}\n" for line in columns.splitlines()) + more
    return read("tickets:\n" + "".join(f"  {line}\n" for line in block.splitlines()), **face)[
        "tickets"
    ]


def test_a_column_is_named_in_short_or_described_by_keys():
    mapping = tickets(columns="cost: {from: 费用, scale: 0.01, min: 0, max: 100000}")

    assert mapping.columns["ticket_id"].source == "工单号"
    cost = mapping.columns["cost"]
    assert (cost.kind, cost.source, cost.scale, cost.min, cost.max) == (
        *("float", "费用", 0.01, 0.0, 100000.0),
    )


def test_required_columns_and_closed_lists_come_from_the_schema():
    mapping = tickets(columns="ticket_type: {from: 类型, codes: {报修: fault}}")

    assert mapping.columns["ticket_id"].required
    assert mapping.columns["ticket_type"].codes == {"报修": "fault"}
    assert mapping.columns["ticket_type"].other == "missing"
    assert "complaint" in mapping.columns["ticket_type"].values


def test_severity_has_the_range_of_the_schema_and_free_text_is_masked():
    mapping = tickets(columns="severity: s\ndescription: d\nissue_type: i")

    assert (mapping.columns["severity"].min, mapping.columns["severity"].max) == (1, 4)
    assert mapping.columns["description"].mask
    assert not mapping.columns["issue_type"].mask
    assert not tickets(columns="description: {from: d, mask: false}").columns["description"].mask


def test_dates_take_formats_and_limits_with_or_without_quotes():
    mapping = tickets(columns="closed_at: {from: c, format: '%d/%m/%Y %H:%M', min: 2010-01-01}")
    quoted = tickets(columns="closed_at: {from: c, min: '2010-01-01 08:00'}")

    assert mapping.columns["closed_at"].format == ("%d/%m/%Y %H:%M",)
    assert mapping.columns["closed_at"].min == pd.Timestamp("2010-01-01")
    assert quoted.columns["closed_at"].min == pd.Timestamp("2010-01-01 08:00")


def test_sql_and_constants_are_origins_too():
    mapping = tickets(columns="safety: {sql: \"fire = 'Y'\"}\nissue_type: {value: fault}")

    assert mapping.columns["safety"].sql == "fire = 'Y'"
    assert mapping.columns["issue_type"].value == "fault"
    assert mapping.source_columns == ("工单号", "时间")
    assert mapping.expressions == {"columns: safety: sql": "fire = 'Y'"}


def test_missing_markers_of_profile_and_table_add_up():
    assert tickets('missing: ["0000-00-00"]', missing=["", "?"]).missing == ("", "?", "0000-00-00")
    assert tickets().missing == ("",)


def test_columns_beyond_the_schema_come_last_and_have_a_kind():
    mapping = tickets("also: {mileage: {from: km, kind: float}, colour: 颜色}")

    assert list(mapping.columns) == ["ticket_id", "opened_at", "mileage", "colour"]
    assert mapping.columns["mileage"].kind == "float"
    assert mapping.columns["colour"].extra


def test_a_column_declared_personal_and_dropped_is_only_remembered():
    mapping = tickets("also: {phone: {from: 手机, personal: drop}}")

    assert "phone" not in mapping.columns
    assert mapping.dropped == ("手机",)


def test_the_order_of_times_comes_from_the_schema_unless_declared():
    closed = "closed_at: c"

    assert tickets(columns=closed).time_order == (("opened_at", "closed_at"),)
    assert tickets("time_order: []", columns=closed).time_order == ()


def test_rules_about_rows_are_read():
    mapping = tickets(
        "where: \"a = '1'\"\n"
        "content_key: {except: [工单号]}\n"
        "keep: {by: [ticket_id], order: counter}\n"
        "on_duplicate_id: reject\n"
        "reject: [{where: \"q = '0'\", reason: no quantity}]\n"
        "flags: [{name: vague, where: \"c = 'UNKNOWN'\", reason: no component}]\n"
        "gaps: [{columns: [model, year], reason: absent in the origin}]\n"
        "text: {html_entities: true}\n",
        columns="model: m",
    )

    assert mapping.content_key.besides == ("工单号",)
    assert (mapping.keep.by, mapping.keep.order, mapping.keep.take) == (
        *(("ticket_id",), "counter", "last"),
    )
    assert mapping.reject[0].reason == "no quantity"
    assert mapping.flags[0].name == "vague"
    assert mapping.html_entities
    assert mapping.source_columns == ("工单号", "时间", "m", "counter", "year")
    assert list(mapping.expressions) == [
        *("where", "reject, no quantity: where", "flags, vague: where"),
    ]


def test_tables_may_come_from_a_database_or_a_query_over_files():
    sql = read(
        "tickets: {sql: {url: 'sqlite:///{raw}/crm.db', query: select 1},"
        " columns: {ticket_id: a, opened_at: b}}"
    )["tickets"]

    assert sql.sql.url == "sqlite:///{raw}/crm.db"
    assert tickets("query: select * from t").query == "select * from t"


BAD = {
    "cost: {frm: 费用}": 'Unknown key "frm" in config/acme/sources.yaml, tables: tickets: '
    'columns: cost; did you mean "from"?',
    "cost: {source: 费用}": 'Unknown key "source" in .*valid are: .*from',
    "cost: {}": "tickets: columns: cost: a column has one origin, .* found none",
    "cost: {from: a, value: 1}": "found `from` and `value`",
    "cost: 3": "found 3; write the name of a source column",
    "cost: {from: a, min: low}": "`min` must be a number, found 'low'",
    "cost: {from: a, min: 5, max: 1}": "min 5.0 is above max 1.0",
    "cost: {from: a, scale: 0}": "`scale` must be a number but 0",
    "cost: {from: a, format: '%Y'}": "`format` is for dates, but cost is of kind float",
    "cost: {from: a, personal: pseudonym}": "`personal` is for names and ids",
    "product: {from: a, personal: hide}": 'personal "hide" in .* valid are: drop, pseudonym',
    "product: {from: a, codes: {Yes: washer}}": 'reads a code without quotes as True.*"Yes"',
    "product: {from: a, codes: {w: true}}": "`codes: w` gives True, which is no str",
    "product: {from: a, codes: washer}": "`codes` needs lines",
    "product: {from: a, kind: str}": "`kind` is set by the schema",
    "ticket_type: {from: a, codes: {报修: faults}}": '"faults" in .* did you mean "fault"?',
    "ticket_type: {value: faults}": '"faults" in .* did you mean "fault"?',
    "ticket_type: {from: a, other: drop}": 'other "drop" in .* valid are: keep, missing, reject',
    "closed_at: {from: a, format: 'dd.mm.yyyy'}": 'date format "dd.mm.yyyy" .* not usable',
    "closed_at: {from: a, format: '%d.%m'}": "not usable; write it with strptime signs and a year",
    "closed_at: {from: a, min: 2010}": "`min` must be a date like 2010-01-01, found 2010",
    "closed_at: {from: a, codes: {x: y}}": "`codes` is for",
    "safety: {value: perhaps}": "gives 'perhaps', which is no bool",
    "description: {from: a, mask: 1}": "`mask` must be true or false",
    "pruduct: a": 'Unknown key "pruduct" in .*: columns; did you mean "product"?',
}


@pytest.mark.parametrize(("column", "message"), BAD.items())
def test_a_column_that_cannot_be_used_is_an_error_that_names_the_place(column, message):
    with pytest.raises(ConfigError, match=message):
        tickets(columns=column)


BAD_TABLES = {
    "delimeter: ;": 'Unknown key "delimeter" in .*tables: tickets; did you mean "delimiter"?',
    "delimiter: ab": "delimiter 'ab' must be one character",
    "format: xls": 'format "xls" in .* valid are: csv, excel, jsonl, parquet',
    "skip_rows: -1": "`skip_rows` must be a whole number",
    "missing: [1]": "`missing` must be a list of texts",
    "where: 1": "`where` must be text",
    "on_duplicate_id: ignore": 'on_duplicate_id "ignore"',
    "keep: {by: [ticket], order: n}": 'Column "ticket" in .*keep: by; did you mean "ticket_id"?',
    "keep: {by: [ticket_id]}": "keep: `order` is missing",
    "keep: {by: [ticket_id], order: n, take: best}": "`take` 'best': valid are: first, last",
    "time_order: [[opened_at]]": "needs pairs",
    "time_order: [[opened_at, closed]]": 'Column "closed" in .*time_order',
    "content_key: {but: [a]}": 'Unknown key "but" in .*content_key; valid are: except',
    "reject: [{where: a}]": "reject: `reason` is missing",
    "flags: [{where: a, reason: b}]": "flags: `name` is missing",
    "text: {html: true}": 'Unknown key "html" in .*text; .*html_entities',
    "sql: {url: a, query: b}": "give either `files` or `sql`",
    "also: {product: a}": '"product" in .*is a column of the schema; move it to `columns`',
    "also: {x: {from: a, kind: number}}": 'kind "number" in',
}


@pytest.mark.parametrize(("key", "message"), BAD_TABLES.items())
def test_a_table_that_cannot_be_used_is_an_error_that_names_the_place(key, message):
    with pytest.raises(ConfigError, match=message):
        tickets(key)


def test_a_required_column_that_is_not_mapped_is_named():
    with pytest.raises(ConfigError, match="tables: tickets: the required column `opened_at`"):
        read("tickets: {files: [t.csv], columns: {ticket_id: a}}")


def test_a_required_column_cannot_be_dropped():
    with pytest.raises(ConfigError, match="ticket_id is required; use `personal: pseudonym`"):
        read(
            "tickets: {files: [t.csv], columns: {ticket_id: {from: a, personal: drop}, "
            "opened_at: b}}"
        )


def test_an_unknown_table_is_named_with_the_nearest_one():
    with pytest.raises(ConfigError, match=r'Unknown key "ticket" .* did you mean "tickets"'):
        read("ticket: {}")


def test_a_profile_without_tables_is_an_error():
    with pytest.raises(ConfigError, match=r"config/acme/sources.yaml maps no table"):
        read("{}")
