"""One run with real kernels and processes: what goes well, fails, is killed or takes too long."""

from __future__ import annotations

import errno
import html
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aftersales.report.plan.frame import Frame
from aftersales.report.plan.plan import Job
from aftersales.report.run import engine, execution
from aftersales.report.run.engine import Task, run_task

SIGNALS = pytest.mark.skipif(os.name == "nt", reason="signals as on Linux and macOS")
KILL_KERNEL = """import os, signal, time
print('so far', flush=True)
time.sleep(1)
os.kill(os.getpid(), signal.SIGKILL)"""
KILL_WORKER = KILL_KERNEL.replace("getpid", "getppid") + "\ntime.sleep(9)"


@pytest.fixture(scope="module")
def shared(tmp_path_factory, project_in):
    """A project whose notebooks succeed, fail, and lose their kernel or their process."""
    project = project_in(tmp_path_factory.mktemp("project"))
    project.write("10_fine", "print(region, as_of, language, months, share, strict, parts)")
    shown = "from IPython.display import HTML, display\ndisplay(HTML('<p>before</p>'))"
    odd = "import sys\nprint('odd', file=sys.stderr)\nraise ValueError(processed)"
    project.write("20_fails", shown, odd, "print('never')")
    project.write("30_kernel", KILL_KERNEL)
    project.write("40_worker", KILL_WORKER)
    project.write("50_last", "1 + 1")
    return project


@pytest.fixture(scope="module")
def run(shared):
    return shared.render(
        engine="kernel",
        regions=["north"],
        processed=shared.root.parent / "elsewhere",
        parameters={"months": "6", "parts": "x,y", "strict": "no"},
    )


@SIGNALS
def test_each_report_ends_as_it_must_whatever_the_others_do(run):
    statuses = {outcome.job.notebook: outcome.status for outcome in run.outcomes}

    assert statuses == {
        "10_fine": "ok",
        "20_fails": "failed",
        "30_kernel": "failed",
        "40_worker": "failed",
        "50_last": "ok",
    }


@SIGNALS
def test_a_notebook_is_given_its_parameters(run, shared):
    given = "north 2025-12-31 en 6 0.5 False ['x', 'y']"

    assert given in html.unescape(shared.page("north/10_fine.html"))


@SIGNALS
def test_an_error_page_shows_the_cell_the_message_and_what_ran_before(run, shared):
    page = shared.page("north/20_fails.html")

    assert "This report failed in code cell 4." in page
    assert "ValueError: elsewhere" in page
    assert "<p>before</p>" in page
    assert "Question 3?" not in page
    assert "papermill" not in page


@SIGNALS
@pytest.mark.parametrize("name", ["30_kernel", "40_worker"])
def test_a_killed_process_is_reported_as_that_with_what_it_had_printed(run, shared, name):
    page = shared.page(f"north/{name}.html")

    assert "This report failed in code cell 3." in page
    assert "Its process was ended from outside" in page
    assert name == "40_worker" or "<pre>so far" in page  # it was killed before the next save
    stored = json.loads(shared.page("north/findings.json"))["notebooks"][name]
    assert (stored["status"], stored["error"]["name"]) == ("failed", "Killed")


@SIGNALS
def test_nothing_stored_names_the_machine(run, shared):
    for file in shared.out.rglob("*.*"):
        text = file.read_text(encoding="utf-8")
        assert str(shared.root.parent) not in text, file.name
        assert f"{sys.prefix}/" not in text, file.name


@SIGNALS
def test_no_half_written_file_is_left(run, shared):
    assert [path for path in shared.out.rglob("*") if path.name.startswith(".")] == []


def task(project, source: Path, scratch: Path) -> Task:
    job = Job(source.stem, "all", {"region": "all"})
    return Task(job, source, project.out, scratch / "s", Frame("en", "Demo", "2025-12", "All"))


def test_a_cell_that_takes_too_long_is_stopped(project, monkeypatch, tmp_path):
    monkeypatch.setattr(execution, "CELL_TIMEOUT_S", 1)
    source = project.write("10_a", "print('so far')\nimport time\ntime.sleep(60)")

    outcome = run_task(task(project, source, tmp_path))

    assert (outcome.status, outcome.error["name"]) == ("failed", "Timeout")
    page = (project.out / "10_a.html").read_text()
    assert "A cell took longer than" in page
    assert "so far" in page


@pytest.mark.usefixtures("quick")
def test_equal_runs_store_equal_files(project, showing, finding, tmp_path):
    source = project.write("10_a", showing(finding()))

    def stored(scratch: Path) -> dict[str, bytes]:
        assert run_task(task(project, source, scratch)).status == "ok"
        return {path.name: path.read_bytes() for path in project.out.iterdir()}

    assert stored(tmp_path / "1") == stored(tmp_path / "2")


def test_a_full_disk_is_an_error_of_the_whole_run(project, monkeypatch, tmp_path):
    full = OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(execution.papermill, "execute_notebook", lambda *_, **__: _raise(full))

    with pytest.raises(OSError, match="No space left"):
        run_task(task(project, project.write("10_a"), tmp_path))


def test_a_page_that_cannot_be_made_fails_its_report_only(project, monkeypatch, tmp_path, quick):
    monkeypatch.setattr(engine, "notebook_body", lambda *_, **__: _raise(RuntimeError("no")))

    outcome = run_task(task(project, project.write("10_a"), tmp_path))

    assert (outcome.status, outcome.error["message"]) == ("failed", "no")
    assert "RuntimeError: no" in (project.out / "10_a.html").read_text()


def _raise(error: Exception) -> None:
    raise error


RENDER = """
import sys
from aftersales.command.cli import main
sys.argv = ["aftersales", "render", "--profile", "demo", "--region", "all", "--workers", "1",
            "--engine", "kernel"]
from aftersales.data.store import store
from types import SimpleNamespace
if __name__ == "__main__":
    import pandas as pd
    store.open_store = lambda profile, **_: SimpleNamespace(
        profile=profile, as_of=pd.Timestamp("2025-12-31"), fingerprint=lambda region=None: "v1",
        manifest={"tables": {}})
    main()
"""


@SIGNALS
def test_an_interrupted_run_keeps_what_is_done_and_leaves_no_process(project, quick):
    marker = project.root / "running"
    wait = f"import os, time\nopen({str(marker)!r}, 'w').write(str(os.getpid()))\ntime.sleep(99)"
    project.write("10_a", "1 + 1")
    project.write("20_b", wait)
    script = project.root / "run.py"
    script.write_text(RENDER)
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen([sys.executable, str(script)], cwd=project.root, **piped)
    kernel = int(_wait_for(lambda: marker.exists() and marker.read_text()))

    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)

    assert process.returncode == 130
    assert said == "Interrupted; what was finished is kept. The same command goes on.\n"
    assert _wait_for(lambda: not _runs(kernel))
    project.write("20_b", "2 + 2")
    again = project.render(regions=["all"])
    assert [outcome.status for outcome in again.outcomes] == ["reused", "ok"]


def _wait_for(condition, seconds: float = 60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.1)
    raise AssertionError("it did not happen in time")


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
