"""The registry, its page, and the checks of targets."""

import inspect
from types import SimpleNamespace

import pytest

from aftersales.data.mapping import schema
from aftersales.errors import ConfigError, RequestError
from aftersales.metrics.registry import METRICS, check_targets, docs, metric
from aftersales.profile.config import Target


@pytest.mark.parametrize("key", METRICS)
def test_a_metric_is_described_for_readers(key):
    entry = METRICS[key]

    assert entry.key == key == entry.function.__name__
    assert entry.title
    assert entry.definition.endswith(".")
    assert entry.good in ("low", "high")
    assert entry.source


@pytest.mark.parametrize("key", METRICS)
def test_a_metric_names_tables_and_columns_that_exist(key):
    entry = METRICS[key]
    needs = [choice.split(".") for need in entry.needs for choice in need.split(" or ")]
    needs += [
        (entry.main, column) for columns in entry.options.values() for column in columns if column
    ]

    for table, column in needs:
        assert column in schema.columns(table), f"{table}.{column}"
    assert entry.main in entry.tables
    assert set(entry.tables) <= set(schema.TABLES)


@pytest.mark.parametrize("key", METRICS)
def test_the_function_takes_what_the_registry_says(key):
    entry = METRICS[key]
    parameters = list(inspect.signature(entry.function).parameters.values())

    first, *others = entry.inputs
    assert parameters[0].name == first
    assert all(p.kind is p.KEYWORD_ONLY for p in parameters[1:])
    named = {p.name for p in parameters}
    assert {*others, *entry.options, "by", "as_of"} <= named
    windowed = {"window_days", "sla_hours"} & named
    assert bool(windowed) == (entry.window_days is not None)


def test_every_metric_is_on_the_page():
    page = docs()

    assert all(f"| key | `{key}` |" in page for key in METRICS)


def test_an_unknown_metric_names_the_nearest():
    with pytest.raises(RequestError, match='There is no metric "csat"; did you mean "csat_rate"'):
        metric("csat")


def targets(**given) -> SimpleNamespace:
    return SimpleNamespace(name="acme", targets=given)


def test_good_targets_pass():
    check_targets(
        targets(
            return_rate=Target(target=0.05, window_days=14, act_difference=0.02),
            net_promoter_score=Target(target=-5, good="high"),
            turnaround_days=Target(target=7, min_n=10),
        )
    )


@pytest.mark.parametrize(
    ("key", "target", "message"),
    [
        ("retrun_rate", Target(), 'Unknown metric "retrun_rate" in config/acme/targets.yaml; did'),
        ("csat_rate", Target(target=95), "`target` is a share from 0 to 1, found 95; write 0.95?"),
        ("csat_rate", Target(target="0.9"), "`target` must be a number, found '0.9'"),
        ("csat_rate", Target(min_n=0), "`min_n` must be above 0, found 0"),
        ("csat_rate", Target(min_n=2.5), "`min_n` must be a whole number, found 2.5"),
        ("csat_rate", Target(min_n=True), "`min_n` must be a number, found True"),
        ("csat_rate", Target(good="low"), "`good` is high for this metric, found 'low'"),
        ("csat_rate", Target(window_days=30), "this metric has no window; remove it"),
        ("csat_rate", Target(act_ratio=1.1), "must be at least `watch_ratio`"),
        ("turnaround_days", Target(target=-1), "`target` cannot be negative, found -1"),
        ("net_promoter_score", Target(target=200), "a score from -100 to 100, found 200"),
    ],
)
def test_a_target_that_cannot_be_meant_is_an_error_that_names_the_file(key, target, message):
    with pytest.raises(ConfigError) as error:
        check_targets(targets(**{key: target}))

    assert message in str(error.value)
    assert "config/acme/targets.yaml" in str(error.value)
