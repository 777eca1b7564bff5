"""Which notebooks run for which regions, and when a report is out of date."""

from __future__ import annotations

from collections import Counter

import pytest

from aftersales.errors import RequestError
from aftersales.profile.config import read_profile
from aftersales.report.plan.plan import (
    choose_notebooks,
    choose_regions,
    list_notebooks,
    plan_jobs,
    profile_digest,
    read_notebook,
)

COMMON = {"profile": "demo", "as_of": "2025-12-31", "language": "en", "processed": ""}


def keys(project, *, data: str = "v1", given: dict | None = None, **common: str) -> dict:
    """(region, notebook) -> key of the job."""
    jobs = plan_jobs(
        choose_regions(project.profile, asked=(), level=None),
        list_notebooks(project.root),
        common=COMMON | common,
        given=given or {},
        data=lambda region: data,
    )
    return {(job.region, job.notebook): job.key for job in jobs}


def test_reports_are_made_of_the_notebooks_that_begin_with_a_number(project):
    for name in ("20_b", "10_a", "scratch"):
        project.write(name)

    assert list(list_notebooks(project.root)) == ["10_a", "20_b"]


def test_a_notebook_is_named_in_full_or_by_its_number(project):
    project.write("10_a"), project.write("20_b")

    for name in ("20_b", "20", "20_b.ipynb"):
        assert list(choose_notebooks(project.root, [name])) == ["20_b"]


def test_an_unknown_notebook_is_refused_with_the_nearest(project):
    project.write("10_trend")

    with pytest.raises(RequestError, match=r'"10_trnd" does not exist; did you mean "10_trend"'):
        choose_notebooks(project.root, ["10_trnd"])


def test_a_project_without_notebooks_says_so(project):
    with pytest.raises(RequestError, match=r"No notebooks found"):
        choose_notebooks(project.root, [])


def test_a_file_that_is_no_notebook_is_named(project):
    path = project.root / "notebooks" / "10_a.ipynb"
    path.write_text("not a notebook")

    with pytest.raises(RequestError, match=r"notebooks/10_a.ipynb is not a notebook"):
        read_notebook(path)


def test_without_a_wish_every_region_with_data_is_reported_on(project):
    def chosen(held: set[str] | None) -> list[str]:
        found = choose_regions(project.profile, asked=(), level=None, held=held)
        return [region.id for region in found]

    assert chosen(None) == ["all", "north", "south"]
    assert chosen({"south", "unknown"}) == ["all", "south"]
    assert chosen(set()) == ["all"]


def test_the_sample_is_reported_on_from_the_country_to_the_provinces(root):
    tree = read_profile("sample", root=root)

    chosen = choose_regions(tree, asked=(), level=None)

    assert Counter(r.level for r in chosen) == {"country": 1, "macro-region": 7, "province": 31}


def test_outlets_are_reported_on_only_when_asked_for(project):
    regions = project.root / "config" / "demo" / "regions.yaml"
    regions.write_text(
        "id: all\nlevel: country\nchildren:\n- {id: shop, level: outlet, name: {en: Shop}}\n"
    )

    def chosen(**asked) -> list[str]:
        usual = {"asked": (), "level": None}
        return [r.id for r in choose_regions(project.profile, **(usual | asked))]

    assert chosen() == ["all"]
    assert chosen(level="outlet") == chosen(asked=["shop"]) == ["shop"]


def test_data_of_one_region_make_its_reports_and_those_above_it_stale(project):
    project.write("10_a")
    store = project.store

    def keys_now() -> dict[str, str]:
        jobs = plan_jobs(
            choose_regions(project.profile, asked=(), level=None),
            list_notebooks(project.root),
            common=COMMON,
            given={},
            data=store.fingerprint,
        )
        return {job.region: job.key for job in jobs}

    before = keys_now()
    store.own["north"] = "changed"
    after = keys_now()

    assert {region for region in before if before[region] != after[region]} == {"all", "north"}


def test_regions_come_in_the_order_of_the_tree_and_once(project):
    chosen = choose_regions(project.profile, asked=["south", "all", "south"], level="province")

    assert [region.id for region in chosen] == ["all", "north", "south"]


def test_an_unknown_region_or_level_is_refused_with_the_nearest(project):
    with pytest.raises(RequestError, match=r'"nort" is not in the tree; did you mean "north"\?'):
        choose_regions(project.profile, asked=["nort"], level=None)
    with pytest.raises(RequestError, match=r'"provinces" is not in .*did you mean "province"\?'):
        choose_regions(project.profile, asked=(), level="provinces")


def test_a_job_gets_the_parameters_its_notebook_declares(project):
    project.write("10_a", parameters='region: str = ""\nmonths: int = 3')

    (job, *_) = plan_jobs(
        choose_regions(project.profile, asked=["north"], level=None),
        list_notebooks(project.root),
        common=COMMON,
        given={"months": "6"},
        data=lambda region: "v1",
    )

    assert job.parameters == {"region": "north", "months": 6}


@pytest.mark.parametrize("name", ["region", "as_of", "language", "processed"])
def test_what_has_an_option_is_not_given_with_p(project, name):
    project.write("10_a")

    with pytest.raises(RequestError, match=rf"Give --{name.replace('_', '-')} instead of -p"):
        keys(project, given={name: "x"})


def test_equal_inputs_give_equal_keys_and_each_region_its_own(project):
    project.write("10_a")

    assert keys(project) == keys(project)
    assert len(set(keys(project).values())) == 3


def test_the_folder_of_the_tables_does_not_matter_only_what_is_in_them(project):
    project.write("10_a")

    assert keys(project, processed="../elsewhere") == keys(project)
    assert not set(keys(project, data="v2").values()) & set(keys(project).values())


def test_a_changed_notebook_parameter_day_or_language_makes_a_report_stale(project):
    project.write("10_a")
    before = set(keys(project).values())

    assert not set(keys(project, as_of="2025-11-30").values()) & before
    assert not set(keys(project, language="zh").values()) & before
    assert not set(keys(project, given={"months": "6"}).values()) & before
    project.write("10_a", "1 + 1")
    assert not set(keys(project).values()) & before


def test_changed_targets_change_the_digest_of_the_profile(project):
    before = profile_digest(project.profile)
    (project.root / "config" / "demo" / "targets.yaml").write_text("csat_rate: {min_n: 10}\n")

    assert profile_digest(project.profile) != before
