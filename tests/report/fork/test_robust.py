"""What becomes of a report, and of its processes, when something goes wrong in a forked process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import papermill
import pytest

from aftersales.report.fork import safety
from aftersales.report.fork.engine import NAME
from aftersales.report.fork.limits import Limits, fair_memory, memory_used
from aftersales.report.fork.template import clean_process
from aftersales.report.plan.frame import Frame
from aftersales.report.plan.plan import Job
from aftersales.report.run import executor
from aftersales.report.run.engine import Task, run_task

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks on Linux only")
WAIT = """import os, subprocess, time
print('so far')
other = subprocess.Popen(['sleep', '99'])
open({marker!r}, 'w').write(f'{{os.getpid()}} {{other.pid}} {{os.getppid()}}')
time.sleep(99)"""


@pytest.fixture(scope="module", autouse=True)
def loaded():
    """The clean process, with the libraries loaded once for all tests."""
    clean_process("aftersales.report.fork.libraries")


def run(project, tmp_path, *code: str, **limits):
    """The outcome of one notebook, and its page."""
    source = project.write("10_a", *code)
    job = Job(source.stem, "all", {"region": "all"})
    frame = Frame("en", "Demo", "2025-12", "All")
    scratch = tmp_path / "s"
    outcome = run_task(Task(job, source, project.out, scratch, frame, engine="fork",
                            limits=Limits(**limits)))  # fmt: skip
    return outcome, (project.out / "10_a.html").read_text(encoding="utf-8")


def test_a_notebook_out_of_time_is_interrupted_and_keeps_its_output(project, tmp_path):
    code = "import time\nprint('so far')\ntime.sleep(99)"

    outcome, page = run(project, tmp_path, "1 + 1", code, seconds=1)

    assert (outcome.status, outcome.error["name"], outcome.error["cell"]) == (
        "failed",
        "Timeout",
        4,
    )
    assert outcome.error["message"] == "The notebook took longer than 1 second and was stopped."
    assert "<pre>so far" in page
    assert "KeyboardInterrupt" in page


def test_the_limit_is_of_the_notebook_not_of_a_cell(project, tmp_path):
    outcome, _ = run(project, tmp_path, *["import time\ntime.sleep(0.6)"] * 3, seconds=1)

    assert outcome.error["name"] == "Timeout"


def test_a_notebook_that_cannot_be_interrupted_is_killed(project, tmp_path):
    code = (
        "import signal, time\nprint('so far', flush=True)\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\nprint('not flushed')\ntime.sleep(99)"
    )
    started = time.monotonic()

    outcome, page = run(project, tmp_path, code, seconds=0.5, grace=0.5)

    assert outcome.error["name"] == "Timeout"
    assert "so far\nnot flushed" in page
    assert time.monotonic() - started < 20


def test_a_top_level_await_can_be_interrupted(project, tmp_path):
    code = "import asyncio\nprint('so far')\nawait asyncio.sleep(99)"

    outcome, page = run(project, tmp_path, code, seconds=1, grace=60)

    assert outcome.error["name"] == "Timeout"
    assert "so far" in page


def test_a_notebook_that_takes_too_much_memory_is_killed(project, tmp_path):
    code = "print('so far')\nkept = [bytearray(2**20) for _ in range(2_000)]\nprint(len(kept))"

    outcome, page = run(project, tmp_path, code, memory=700 * 2**20)

    assert (outcome.error["name"], outcome.error["cell"]) == ("Memory", 3)
    assert "needed more than 700 MB of memory and was stopped." in page
    assert "<pre>so far" in page


def test_memory_is_shared_out_and_measured():
    assert fair_memory(4) == pytest.approx(fair_memory(1) / 4, abs=4)
    assert memory_used(os.getpid()) > 10 * 2**20
    assert memory_used(0) == 0


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("os.kill(os.getpid(), 9)", "(signal 9)"),
        ("import ctypes; ctypes.string_at(0)", "(signal 11)"),
        ("os._exit(3)", "was ended from outside"),
    ],
)
def test_a_process_that_dies_is_reported_as_that(project, tmp_path, how, said):
    outcome, page = run(project, tmp_path, f"import os\nprint('so far')\n{how}", "print('never')")

    assert (outcome.error["name"], outcome.error["cell"]) == ("Killed", 3)
    assert said in outcome.error["message"]
    assert "<pre>so far" in page
    assert "print('never')" not in page


def test_what_one_notebook_does_another_cannot_see(project, tmp_path):
    spoil = (
        "import builtins, os, sys, pandas, matplotlib.pyplot as plt\n"
        "builtins.left = os.environ['LEFT'] = pandas.left = 'behind'\n"
        "plt.rcParams['figure.dpi'] = 7\npandas.set_option('display.max_rows', 7)\n"
        "os.chdir('/')\nsys.path.append('left')\nplt.figure();"
    )
    look = (
        "import builtins, os, sys, pandas, matplotlib.pyplot as plt\n"
        "print(hasattr(builtins, 'left'), 'LEFT' in os.environ, hasattr(pandas, 'left'),\n"
        "    plt.rcParams['figure.dpi'] == 7, pandas.get_option('display.max_rows') == 7,\n"
        "    os.getcwd() == '/', 'left' in sys.path, plt.get_fignums(), 'x' in globals())"
    )
    project.write("10_a", spoil, "x = 1")
    project.write("20_b", look)

    done = project.render(regions=["all"], workers=1, engine="fork")  # one process forks both

    assert [outcome.status for outcome in done.outcomes] == ["ok", "ok"]
    assert "False False False False False False False [] False" in project.page("all/20_b.html")


def test_two_notebooks_do_not_draw_the_same_random_numbers(project):
    for name in ("10_a", "20_b"):
        project.write(name, "import random, numpy\nprint(random.random(), numpy.random.rand())")

    project.render(regions=["all"], workers=1, engine="fork")

    drawn = [
        next(c for c in nbformat.read(project.out / f"2025-12/all/{n}.ipynb", 4).cells[::-1]
             if c.cell_type == "code").outputs[0].text.split()
        for n in ("10_a", "20_b")
    ]  # fmt: skip
    assert not set(drawn[0]) & set(drawn[1])


def test_files_left_open_are_written_and_exit_functions_called(project, tmp_path):
    file, other = tmp_path / "left_open", tmp_path / "at_exit"
    code = (
        f"import atexit, pathlib\nfile = open({str(file)!r}, 'w')\nfile.write('all')\n"
        f"atexit.register(pathlib.Path({str(other)!r}).touch)"
    )

    run(project, tmp_path, code)

    assert file.read_text() == "all"
    assert other.exists()


def test_a_process_with_threads_is_not_forked(project, tmp_path):
    stop = threading.Event()
    threading.Thread(target=stop.wait).start()
    try:
        assert "other threads are alive" in safety.why_not_fork()
        outcome, page = run(project, tmp_path, "import os\nprint(os.getppid())")
    finally:
        stop.set()

    assert outcome.status == "ok"  # it was forked from a process without threads
    assert f"<pre>{os.getpid()}" not in page


def test_a_process_without_threads_may_be_forked():
    code = "from aftersales.report.fork import safety\nprint(repr(safety.why_not_fork()))"
    environment = {**os.environ, **safety.ENVIRONMENT}

    said = subprocess.run([sys.executable, "-c", f"import pandas, scipy.stats, duckdb\n{code}"],
                          env=environment, capture_output=True, text=True, check=True)  # fmt: skip

    assert said.stdout == "''\n"


def test_where_forking_is_not_safe_kernels_run_the_notebooks(project, monkeypatch, caplog):
    monkeypatch.setattr(safety, "supported", lambda: False)
    source = project.write("10_a", "import os\nprint(os.getppid())")

    papermill.execute_notebook(str(source), str(source), engine_name=NAME, kernel_name="python3",
                               progress_bar=False)  # fmt: skip

    assert executor.default_engine() == "kernel"
    assert "aftersales-fork is not used: processes cannot be forked safely" in caplog.text
    assert nbformat.read(source, 4).metadata.language_info["name"] == "python"


RENDER = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
from types import SimpleNamespace
from aftersales.command.cli import main
from aftersales.data.store import store
sys.argv = ["aftersales", "render", "--profile", "demo", "--region", "all", "--workers", "1"]
if __name__ == "__main__":
    import pandas as pd
    store.open_store = lambda profile, **_: SimpleNamespace(
        profile=profile, as_of=pd.Timestamp("2025-12-31"), fingerprint=lambda region=None: "v1",
        manifest={"tables": {}})
    main()
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_no_process_survives_the_command_and_the_next_run_goes_on(project, how):
    marker = project.root / "running"
    project.write("10_a", "1 + 1")
    project.write("20_b", WAIT.format(marker=str(marker)))
    (project.root / "run.py").write_text(RENDER)
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    command = subprocess.Popen([sys.executable, "run.py"], cwd=project.root, **piped)
    processes = [int(n) for n in _wait_for(lambda: marker.exists() and marker.read_text()).split()]

    command.send_signal(how)
    _, said = command.communicate(timeout=90)

    assert command.returncode == (130 if how == signal.SIGINT else -9)
    assert how != signal.SIGINT or said == (
        "Interrupted; what was finished is kept. The same command goes on.\n"
    )
    _wait_for(lambda: not any(map(_runs, processes)))
    again = project.render(regions=["all"], notebooks=["10"])
    assert [outcome.status for outcome in again.outcomes] == ["reused"]


def test_a_killed_supervisor_takes_its_notebook_with_it_and_is_replaced(project):
    marker = project.root / "running"
    kill = WAIT.format(marker=str(marker)).replace(
        "time.sleep", "os.kill(os.getppid(), 9)\ntime.sleep"
    )
    project.write("10_a", kill)
    project.write("20_b", "1 + 1")

    done = project.render(regions=["all"], workers=1, engine="fork")

    assert [o.status for o in done.outcomes] == ["failed", "ok"]
    assert done.failed[0].error["name"] == "Killed"
    _wait_for(lambda: not _runs(int(marker.read_text().split()[0])))


def _wait_for(condition, seconds: float = 60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


def _runs(process: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
