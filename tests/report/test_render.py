"""What a run writes, what the next one reuses, and what it refuses."""

from __future__ import annotations

import json

import pytest

from aftersales.errors import RequestError
from aftersales.report import render
from aftersales.report.run import executor

pytestmark = pytest.mark.usefixtures("quick")


def statuses(run) -> dict[str, str]:
    return {f"{o.job.region} {o.job.notebook}": o.status for o in run.outcomes}


def findings(project, region: str = "all", period: str = "2025-12") -> dict:
    return json.loads(project.page(f"{region}/findings.json", period))["notebooks"]


def test_every_region_and_notebook_gets_a_page_and_the_index_leads_there(project, showing, finding):
    project.write("10_a", showing(finding()))
    project.write("20_b", "1 + 1")

    seen = []
    run = project.render(regions=["all", "north"], on_done=lambda o, total: seen.append(total))

    assert set(statuses(run).values()) == {"ok"}
    assert seen == [4, 4, 4, 4]
    for name in ("all/10_a", "all/20_b", "north/10_a", "north/index", "index"):
        assert "</html>" in project.page(f"{name}.html")
    assert findings(project, "north")["10_a"]["findings"][0]["id"] == finding()["id"]
    assert run.index == project.out / "2025-12" / "index.html"
    left = [p.name for p in project.out.rglob(".*")]
    assert left == []


def test_a_report_that_is_current_is_reused(project, showing, finding):
    project.write("10_a", showing(finding()))
    project.render(regions=["all", "north"])
    page = project.out / "2025-12" / "all" / "10_a.html"
    made = page.stat().st_mtime_ns

    again = project.render(regions=["all", "north"])

    assert set(statuses(again).values()) == {"reused"}
    assert page.stat().st_mtime_ns == made
    assert [f["id"] for f in again.outcomes[0].findings] == [finding()["id"]]


def test_what_changes_runs_again_and_force_runs_all(project):
    project.write("10_a", "months")
    project.write("20_b", "1 + 1")
    project.render(regions=["all"])

    project.write("20_b", "2 + 2")
    assert statuses(project.render(regions=["all"])) == {"all 10_a": "reused", "all 20_b": "ok"}
    one = project.render(regions=["all"], notebooks=["10"], parameters={"months": "6"})
    assert statuses(one) == {"all 10_a": "ok"}
    forced = project.render(regions=["all"], notebooks=["20"], force=True)
    assert statuses(forced) == {"all 20_b": "ok"}
    store = project.store
    store.content = "v2"
    assert set(statuses(project.render(store, regions=["all"])).values()) == {"ok"}


def test_new_data_of_a_region_run_it_and_those_above_it(project):
    project.write("10_a", "1 + 1")
    project.render()
    before = {file: file.stat().st_mtime_ns for file in project.out.rglob("*.*")}
    changed = project.store
    changed.own["north"] = "more"

    assert statuses(project.render(changed)) == {
        "all 10_a": "ok", "north 10_a": "ok", "south 10_a": "reused",
    }  # fmt: skip
    written = {file.relative_to(project.out / "2025-12").parts[0]
               for file, time in before.items() if file.stat().st_mtime_ns != time}  # fmt: skip
    assert written == {"all", "north"}


def test_a_run_with_nothing_to_do_starts_no_process_and_loads_no_library(project, monkeypatch):
    project.write("10_a", "1 + 1")
    project.render()
    monkeypatch.setattr(executor, "clean_process", _never)
    monkeypatch.setattr(executor, "run_tasks", _never)
    monkeypatch.setattr(render, "do_tasks", executor.do_tasks)

    assert set(statuses(project.render()).values()) == {"reused"}


def _never(*_, **__):
    raise AssertionError("nothing was to be done")


def test_a_failed_report_or_one_whose_page_is_gone_runs_again(project):
    project.write("10_a", "raise ValueError")
    project.write("20_b", "1 + 1")
    project.render(regions=["all"])
    (project.out / "2025-12" / "all" / "20_b.html").unlink()

    assert statuses(project.render(regions=["all"])) == {"all 10_a": "failed", "all 20_b": "ok"}


def test_a_new_neighbour_renews_the_pages_links_and_runs_nothing(project):
    project.write("10_a", "1 + 1")
    project.render(regions=["south"])
    assert "North" not in project.page("south/10_a.html")

    run = project.render(regions=["north", "south"])

    assert statuses(run) == {"north 10_a": "ok", "south 10_a": "reused"}
    assert "../north/10_a.html" in project.page("south/10_a.html")


def test_a_second_period_says_what_is_new_still_open_and_gone(project, showing, finding):
    b1, b2, b3 = (finding("act", f"batch B{n}") for n in (1, 2, 3))
    project.write("10_a", showing(b1, b2))
    project.render(regions=["all"], as_of="2025-11-30")
    project.write("10_a", showing(b1, b3))
    project.render(regions=["all"])

    ages = {f["subject"]["batch"]: f["periods"] for f in findings(project)["10_a"]["findings"]}
    assert ages == {"B1": 2, "B3": 1}
    assert "open for 2 periods" in project.page("all/10_a.html")
    assert "2025-11: 1 new, 1 still open, 1 gone." in project.page("all/index.html")
    assert "../2025-11/index.html" in project.page("index.html")
    first = project.page("all/10_a.html", "2025-11")
    assert "new" not in first.split("<main")[1]


def test_an_earlier_period_made_later_renews_the_ages(project, showing, finding):
    project.write("10_a", showing(finding()))
    project.render(regions=["all"])
    assert findings(project)["10_a"]["findings"][0]["periods"] is None

    project.render(regions=["all"], as_of="2025-11-30")
    run = project.render(regions=["all"])

    assert statuses(run) == {"all 10_a": "reused"}
    assert findings(project)["10_a"]["findings"][0]["periods"] == 2
    assert "open for 2 periods" in project.page("all/10_a.html")


def test_a_wrong_request_is_refused_before_anything_is_written(project):
    project.write("10_a", "1 + 1")

    for wrong in (
        {"as_of": "2025-13-01"},
        {"as_of": "31.12.2025"},
        {"as_of": "2026-01-01"},
        {"as_of": "2023-12-31"},
        {"regions": ["nort"]},
        {"level": "county"},
        {"notebooks": ["15"]},
        {"parameters": {"month": "6"}},
        {"parameters": {"months": "six"}},
    ):
        with pytest.raises(RequestError):
            project.render(**wrong)
    assert not project.out.exists()


def test_an_output_folder_that_is_a_file_is_refused(project):
    project.write("10_a", "1 + 1")
    (project.root / "file").write_text("")

    with pytest.raises(RequestError, match="is, or lies in, a file"):
        project.render(out=project.root / "file")
