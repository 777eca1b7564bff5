"""One call for any metric of a store."""

import pandas as pd
import pytest

from aftersales.errors import DataError, RequestError
from aftersales.metrics import METRICS, at_risk, available, measure, missing
from aftersales.profile.config import Target

MONTHLY = [m.key for m in METRICS.values() if m.time and "." not in m.time]


@pytest.mark.parametrize("key", METRICS)
def test_every_metric_is_measured_with_its_count_value_and_interval(company, key):
    result = measure(key, company(), by=["product"])

    metric = METRICS[key]
    wanted = {"product", "n", metric.count, metric.value, metric.low, metric.high}
    assert wanted <= set(result.columns)
    assert ("mature" in result) == (metric.window_days is not None)


@pytest.mark.parametrize("key", MONTHLY)
def test_months_of_a_metric_lie_in_the_span_asked_for(company, key):
    result = measure(key, company(), monthly=True, months=6)

    assert result["month"].min() >= pd.Timestamp("2025-01-01")
    assert result["month"].max() <= pd.Timestamp("2025-06-01")


def test_the_months_of_the_backlog_end_with_the_backlog_of_today(company):
    monthly = measure("open_backlog", company(), monthly=True, months=3)
    today = measure("open_backlog", company())

    assert len(monthly) == 3
    assert monthly["n_open"].iloc[-1] == today["n_open"].item()


def test_a_metric_without_cohorts_cannot_be_split_by_month(company):
    with pytest.raises(RequestError, match="cost_per_unit cannot be split by month"):
        measure("cost_per_unit", company(), monthly=True)


def test_an_unknown_metric_names_the_nearest(company):
    with pytest.raises(RequestError, match='did you mean "return_rate"'):
        measure("retrun_rate", company())


def test_attributes_are_looked_up_by_key(company):
    by_tier = measure("csat_rate", company(), by=["tier"])
    whole = measure("csat_rate", company())

    assert set(by_tier["tier"].dropna()) == {"gold", "basic"}
    assert by_tier["n"].sum() == whole["n"].item()


def test_attributes_are_looked_up_over_two_steps(company):
    result = measure("repeat_repair_rate", company(), by=["batch", "tier"])

    assert result["n"].sum() == measure("repeat_repair_rate", company())["n"].item()
    assert result["tier"].notna().sum() >= 4


def test_a_region_holds_what_lies_below_it(company):
    provinces = measure("ticket_volume", company(), region="CN-N", by=["region"])
    north = measure("ticket_volume", company(), region="CN-N")

    assert provinces["region"].tolist() == ["CN-11", "CN-12"]
    assert provinces["n"].sum() == north["n"].item()


def test_regions_can_be_asked_for_at_a_level(company):
    result = measure("ticket_volume", company(), by=["region"], level="macro")

    assert result["region"].tolist() == ["CN-N", "CN-S", "unknown"]
    north = measure("ticket_volume", company(), region="CN-N")
    assert result["n"].iloc[0] == north["n"].item()


def test_attributes_of_the_unit_leave_out_faults_without_a_known_unit(company):
    by_batch = measure("faults_per_1000", company(), by=["batch"])
    whole = measure("faults_per_1000", company())

    counted = by_batch["n_faults"].sum() + by_batch.attrs["without_unit"]
    assert by_batch.attrs["denominator"] == "units"
    assert by_batch["n"].sum() == pytest.approx(whole["n"].item())
    assert counted <= whole["n_faults"].item()  # tickets older than the first unit drop out


def test_units_come_before_exposure_and_exposure_serves_what_units_cannot_tell(company):
    store = company()
    store.tables["exposure"] = pd.DataFrame(
        {
            "period": pd.to_datetime(["2025-05-01", "2025-06-01"]),
            "product": ["tv", "tv"],
            "version": ["V1", "V2"],
            "at_risk": [100.0, 50.0],
        }
    )
    store.tables["tickets"]["version"] = "V1"

    by_version = measure("faults_per_1000", store, by=["version"])

    assert at_risk(store, by=["product"]).attrs["denominator"] == "units"
    assert by_version.attrs["denominator"] == "exposure"
    assert by_version["n"].tolist() == [100.0, 50.0]
    faults = store.tables["tickets"].query("ticket_type == 'fault' and product == 'tv'")
    months = faults["opened_at"].between("2025-05-01", "2025-07-01", inclusive="left")
    assert by_version["n_faults"].tolist() == [months.sum(), 0]


def test_without_a_denominator_the_error_names_what_lacks(company):
    store = company()
    del store.tables["units"]

    assert not available("faults_per_1000", store)
    lacks = missing("faults_per_1000", store)
    assert lacks == ["units.in_service_at or units.shipped_at or exposure.at_risk"]
    with pytest.raises(DataError, match="profile test does not have"):
        measure("faults_per_1000", store)
    with pytest.raises(DataError, match="use the metric ticket_volume, which counts"):
        at_risk(store)


def test_a_table_that_is_not_there_is_named_once(company):
    store = company()
    del store.tables["returns"], store.tables["orders"]

    assert missing("return_rate", store) == ["returns", "orders"]


def test_without_repairs_a_claim_is_a_fault_ticket(company):
    store = company()
    del store.tables["repairs"]

    result = measure("claims_per_1000", store)

    tickets = store.tables["tickets"].query("ticket_type == 'fault'")
    units = store.tables["units"].dropna(subset=["in_service_at", "shipped_at"], how="all")
    assert 0 < result["n_claims"].sum() <= tickets["unit_id"].isin(units["unit_id"]).sum()


def test_an_attribute_that_nothing_gives_is_named(company):
    assert missing("csat_rate", company(), by=["touchpoint"]) == ["surveys.touchpoint"]
    assert missing("csat_rate", company(), by=["tier", "month"]) == []
    assert missing("faults_per_1000", company(), by=["version"]) == [
        "units.version or exposure.version"
    ]


def test_without_closing_times_a_ticket_is_closed_when_it_is_resolved(company):
    store = company()
    store.tables["tickets"] = store.tables["tickets"].drop(columns="closed_at")

    result = measure("reopen_rate", store)

    done = store.tables["tickets"]["resolved_at"] < pd.Timestamp("2025-07-01")
    assert result["n"].item() == done.sum()


def test_without_deliveries_the_window_starts_with_the_order(company):
    store = company()
    store.tables["orders"] = store.tables["orders"].drop(columns="delivered_at")

    assert measure("return_rate", store)["n"].item() > 0


def test_the_window_comes_from_the_caller_else_targets_else_the_metric(company):
    store = company()
    default = measure("return_rate", store)
    store.targets["return_rate"] = Target(window_days=90)
    target = measure("return_rate", store)
    own = measure("return_rate", store, window_days=30)

    assert default.equals(own)
    assert target["n"].item() < default["n"].item()
    assert target["rate"].item() > default["rate"].item()


def test_the_agreed_time_of_the_sla_is_its_window(company):
    two_days = measure("sla_attainment_rate", company(), window_days=2)
    given = measure("sla_attainment_rate", company(), sla_hours=48.0)

    pd.testing.assert_frame_equal(two_days, given)


def test_months_without_tickets_are_zeros(company):
    result = measure("ticket_volume", company(), by=["product"], monthly=True, months=24)

    assert len(result) == 24 * result["product"].nunique(dropna=False)
    assert (result.query("month < '2024-01-01'")["n_tickets"] == 0).all()
