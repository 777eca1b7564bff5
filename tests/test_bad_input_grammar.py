"""Whatever is wrong in a profile: it is read, or refused with one sentence that names the file.

A profile that uses every key is changed in one or two places: a value becomes one of another kind,
a key is lost, misspelt or doubled. HYPOTHESIS_PROFILE=search tries a thousand.
"""

from __future__ import annotations

import copy
import datetime
import math
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

LONGEST = 10.0  # seconds that a refusal may take
SOURCES: dict[str, Any] = {
    "title": {"en": "Acme", "zh": "阿克米"},
    "language": "en",
    "timezone": "Asia/Shanghai",
    "currency": "CNY",
    "as_of": datetime.date(2025, 12, 31),
    "missing": ["", "?"],
    "notes": ["Before 2024 nothing was recorded."],
    "labels": {"product": {"tv": {"en": "Television"}}},
    "tables": {
        "tickets": {
            "files": ["tickets.csv*"],
            "format": "csv",
            "delimiter": ",",
            "encoding": "utf-8",
            "sheet": "a",
            "skip_rows": 0,
            "header_rows": 1,
            "quotes": True,
            "decimal": ".",
            "thousands": ",",
            "missing": ["-"],
            "where": "region <> 'x'",
            "columns": {
                "ticket_id": "id",
                "opened_at": {
                    "from": "opened",
                    "format": ["%Y-%m-%d"],
                    "min": datetime.date(2015, 1, 1),
                    "zone": "UTC",
                    "day_month": None,
                },
                "region": "region",
                "product": {"value": "tv", "codes": {"television": "tv"}, "other": "keep"},
                "cost": {"sql": "length(id)", "scale": 0.01, "min": 0, "max": 100, "unit": "元"},
                "customer_id": {"from": "id", "personal": "pseudonym"},
                "safety": {"value": False},
                "issue_type": {"from": "region", "mask": False, "fill": "down"},
            },
            "also": {"visits": {"value": 1, "kind": "int", "max": 50}},
            "content_key": {"except": ["id"]},
            "keep": {"by": ["ticket_id"], "order": "opened", "take": "last"},
            "on_duplicate_id": "reject",
            "time_order": [["opened_at", "opened_at"]],
            "reject": [{"where": "id = 'T9'", "reason": "a test"}],
            "flags": [{"name": "no region", "where": "region is null", "reason": "none"}],
            "gaps": [{"columns": ["region"], "reason": "none"}],
            "text": {"html_entities": True},
        }
    },
}
OTHERS: dict[str, Any] = {
    "regions": {
        "id": "all",
        "level": "country",
        "name": {"en": "All"},
        "children": [
            {"id": "north", "level": "province", "aliases": ["North"], "tile": [1, 2]},
        ],
    },
    "targets": {"csat_rate": {"target": 0.8, "min_n": 30, "act_ratio": 1.5, "good": "high"}},
    "playbook": {
        "batch": [{"kind": "audit", "do": {"en": "look"}, "evidence": "B", "within_days": 3}]
    },
}
WRONG = st.one_of(
    st.sampled_from([12, -1, 0, 1.5, math.nan, math.inf, True, False, None, "", " ", "x", "*"]),
    st.sampled_from(
        ["2025-02-30", "../x", "%d", "[", "'", '"', ";", "\\", "drop table t", "a" * 400]
    ),
    st.sampled_from([[], [1], ["a"], [["a"]], {}, {"a": 1}, {"en": [1]}, {"a": {"b": {}}}]),
    st.sampled_from([datetime.date(3000, 1, 1), 10**30, -(10**30), 1e-300, "\u202e", "\x00"]),
    st.text(max_size=8),
    st.recursive(st.integers() | st.text(max_size=3), st.lists, max_leaves=4),
)


def places(value: Any, path: tuple = ()) -> Iterator[tuple]:
    """Every place in a profile, as the keys that lead to it."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in inner:
        yield (*path, key)
        if isinstance(part, dict | list):
            yield from places(part, (*path, key))


@st.composite
def changed(draw: st.DrawFn, profile: dict[str, Any]) -> dict[str, Any]:
    """The profile with one or two places that are wrong."""
    found = copy.deepcopy(profile)
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from(sorted(places(found), key=str)))
        holder = found
        for key in path[:-1]:
            holder = holder[key]
        match draw(st.sampled_from(["value", "value", "value", "lost", "misspelt"])):
            case "lost":
                del holder[path[-1]]
            case "misspelt" if isinstance(holder, dict):
                holder[draw(WRONG.filter(_hashable))] = holder.pop(path[-1])
            case _:
                holder[path[-1]] = copy.deepcopy(draw(WRONG))
        if not list(places(found)):
            break
    return found


def _hashable(value: Any) -> bool:
    return not isinstance(value, dict | list)


def judge(acme, commands: tuple[str, ...] = ("check", "clean")) -> None:
    for command in commands:
        started = time.monotonic()
        status, _, errors = acme.run(command)
        assert time.monotonic() - started < LONGEST
        assert status in (0, 2), errors
        if status:
            assert len(errors.strip().splitlines()) == 1, errors
            assert "not foreseen" not in errors
            return


REUSED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def a_key(monkeypatch):
    monkeypatch.setenv("AFTERSALES_KEY", "a key for tests, as long as it needs to be")


def test_the_unchanged_profile_is_read(acme):
    for name, content in ({"sources": SOURCES} | OTHERS).items():
        acme.write(f"config/acme/{name}.yaml", yaml.safe_dump(content, allow_unicode=True))

    assert acme.run("check")[0] == 0
    assert acme.run("clean")[0] == 0


@REUSED
@given(changed(SOURCES))
def test_sources_are_read_or_refused_in_one_sentence(acme, sources):
    acme.write("config/acme/sources.yaml", yaml.safe_dump(sources, allow_unicode=True))

    judge(acme)


@REUSED
@given(st.sampled_from(sorted(OTHERS)), st.data())
def test_the_other_files_are_read_or_refused_in_one_sentence(acme, name, data):
    acme.write("config/acme/sources.yaml", acme.sources)
    content = data.draw(changed(OTHERS[name]))
    for other in OTHERS:
        (acme.root / f"config/acme/{other}.yaml").unlink(missing_ok=True)
    acme.write(f"config/acme/{name}.yaml", yaml.safe_dump(content, allow_unicode=True))

    judge(acme)


@REUSED
@given(st.text(alphabet="abc:-[]{}&*!|>'\"#%@` \n\t?~0123456789.\u4e2d", max_size=60))
def test_any_text_in_place_of_yaml_is_refused_in_one_sentence(acme, text):
    acme.write("config/acme/sources.yaml", text.encode("utf-8", "replace"))

    judge(acme, ("check",))
