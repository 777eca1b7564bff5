import numpy as np
import pandas as pd
import pytest

from aftersales.errors import RequestError
from aftersales.stats.causes.causes import find_causes
from aftersales.studies.causes.searched import rows_of
from aftersales.studies.causes.start import find_start, focused, parse_focus, with_parts
from aftersales.studies.strata import Study

MONTHS = pd.date_range("2025-01-01", periods=12, freq="MS")


def study(rate, *, size=100.0):
    """Two products in two regions with two lots each; `rate(product, region, lot)` per month."""
    rows = [
        (product, region, lot, month, size, size * rate(product, region, lot))
        for product in ("tv", "radio")
        for region in ("n", "s")
        for lot in ("A", "B")
        for month in MONTHS
    ]
    names = ["product", "region", "lot", "month", "exposure", "count"]
    cells = pd.DataFrame(rows, columns=names)
    return Study("faults_per_1000", cells, {"lot": ["product", "region", "month"]})


FLAT = study(lambda *_: 0.05)


def search(one):
    return find_causes(one.cells, count="count", exposure="exposure", strata=one.strata)


def shared(start, one, *, before):
    """The start with its parts, by the causes found."""
    causes = search(one)
    return with_parts(start, one, causes, rows=rows_of(causes), before=before)


def test_a_rise_is_where_it_starts_and_its_causes_share_the_excess():
    now = study(lambda p, r, lot: 0.2 if (p, lot) == ("tv", "A") else 0.05)
    start = find_start(now, FLAT.cells, chosen={})
    assert (start.kind, start.subject) == ("rise", {"product": "tv"})
    assert (start.cases, start.expected) == (600, pytest.approx(240))
    parts = shared(start, now, before=FLAT.cells).parts
    assert parts["cause"].tolist() == [("lot", "A"), None]
    assert parts["excess"].tolist() == pytest.approx([360, 0])
    assert parts["share"].sum() == pytest.approx(1)


def test_a_cause_explains_no_more_of_a_rise_than_all_it_has_too_many():
    now = study(lambda p, r, lot: {"A": 0.2, "B": 0.1}[lot] if p == "tv" else 0.05)
    found = search(now)
    start = find_start(now, FLAT.cells, chosen={})
    parts = shared(start, now, before=FLAT.cells).parts.set_index("cause")["excess"]
    assert parts[("lot", "A")] == pytest.approx(found.table["excess"].iloc[0])
    assert parts[("lot", "A")] < 360  # beyond the rate of the year before
    assert parts.sum() == pytest.approx(start.excess)


def test_without_a_past_it_starts_from_the_worst_hotspot():
    now = study(lambda p, r, _: 0.15 if (p, r) == ("radio", "s") else 0.05)
    start = find_start(now, None, chosen={})
    assert (start.kind, start.subject) == ("hotspot", {"product": "radio", "region": "s"})
    assert start.ratio == pytest.approx(3, rel=0.01)


def test_where_nothing_stands_out_there_is_no_start():
    assert find_start(FLAT, FLAT.cells, chosen={}) is None


def test_a_rise_by_mix_alone_is_told_from_a_rise_of_the_rates():
    before = study(lambda p, r, _: 0.02 if r == "n" else 0.2).cells
    now = study(lambda p, r, _: 0.02 if r == "n" else 0.2)
    moved = now.cells["exposure"].where(now.cells["region"].eq("n"), 400.0)
    rate = now.cells["count"] / now.cells["exposure"]
    cells = now.cells.assign(exposure=moved, count=rate * moved)
    now = Study(now.metric, cells, now.strata)
    start = find_start(now, before, chosen={"product": "tv"})
    found = shared(start, now, before=before)
    assert found.mix == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(
    ("focus", "wrong"),
    [
        ("tv", "not of the form"),
        ("product=", "not of the form"),
        ("product=tv, product=radio", "not of the form"),
        ("colour=red", 'no attribute "colour"'),
        ("product=tw", 'there is no product "tw"; valid are: radio, tv.'),
    ],
)
def test_a_focus_that_does_not_exist_is_refused_in_words(focus, wrong):
    with pytest.raises(RequestError) as error:
        parse_focus(focus, studies=[FLAT])
    assert wrong.lower() in str(error.value).lower()


def test_a_focus_keeps_its_rows_only_and_starts_from_them():
    chosen = parse_focus(" product = tv ,lot=A", studies=[FLAT])
    assert chosen == {"product": "tv", "lot": "A"}
    (kept,) = focused([FLAT], chosen)
    assert len(kept.cells) == 2 * 12
    start = find_start(kept, FLAT.cells, chosen=chosen)
    assert (start.kind, start.cases, np.isnan(start.expected)) == ("chosen", 120, True)
    assert parse_focus("", studies=[FLAT]) == {}
