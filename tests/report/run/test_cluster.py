"""Reports made by the workers of a real Dask scheduler, one of which is killed on the way."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

pytest.importorskip("distributed", reason='needs the extra: pip install ".[cluster]"')

PARAMETERS = 'region: str = ""  # a region\nprocessed: str = ""  # folder of processed tables'
SHOWN = """import os, pathlib
from aftersales import load_project
found = load_project("acme", processed=processed).scan("tickets", region=region).collect()
print(len(found), "tickets of", region, "made in", pathlib.Path.cwd().parent.name)"""
MARK = """import os, pathlib, time
pathlib.Path(os.environ["TMPDIR"], "marks", f"{{os.getppid()}}-{name}").touch()
time.sleep(0.5)"""


class Cluster:
    """A scheduler and workers, each a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen] = []
        file = folder / "scheduler.json"
        self.start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", file=file)
        self.wait(file.is_file)
        time.sleep(0.2)
        self.port = json.loads(file.read_text())["address"].rpartition(":")[2]

    def start(self, what: str, *arguments: str, file: Path | None = None) -> subprocess.Popen:
        command = [sys.executable, "-m", "dask", what, *arguments]
        command += ["--scheduler-file", str(file)] if file else []
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=environment,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.processes.append(process)
        return process

    def worker(self) -> subprocess.Popen:
        address = f"tcp://127.0.0.1:{self.port}"
        return self.start("worker", address, "--nthreads", "1", "--no-dashboard")

    def wait(self, done, seconds: float = 120) -> None:
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, "it took too long"
            time.sleep(0.05)

    def stop(self, process: subprocess.Popen, number: int = signal.SIGKILL) -> None:
        """End a process and what it started, as a machine that loses power does."""
        if process.poll() is None:
            os.killpg(process.pid, number)
            process.wait()


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    home = Path(tempfile.mkdtemp(prefix="workers-"))  # a short name: sockets lie in it
    monkeypatch.setenv("TMPDIR", str(home))  # where workers keep what they are sent
    cluster = Cluster(home)
    yield cluster
    for process in cluster.processes:
        cluster.stop(process)
    shutil.rmtree(home, ignore_errors=True)


def notebook(acme, name: str, *code: str) -> None:
    cells = [nbformat.v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})]
    cells += [nbformat.v4.new_code_cell(source) for source in code]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), acme.root / f"notebooks/{name}.ipynb")


def text(acme, region: str, name: str) -> str:
    (page,) = (acme.root / "reports/acme").glob(f"*/{region}/{name}.html")
    return page.read_text(encoding="utf-8")


def test_every_report_comes_out_once_although_a_worker_is_killed(acme, cluster):
    marks = cluster.folder / "marks"
    marks.mkdir()
    for name in ("10_trend", "20_hotspot", "30_root_cause", "40_segment"):
        notebook(acme, name, MARK.format(name=name), SHOWN)
    workers = [cluster.worker(), cluster.worker()]
    assert acme.run("clean")[0] == 0
    command = [str(Path(sys.executable).with_name("aftersales")), "render", "--profile", "acme"]
    run = subprocess.Popen(
        [*command, "--executor", f"dask://127.0.0.1:{cluster.port}"],
        cwd=acme.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    cluster.wait(lambda: len(list(marks.iterdir())) >= 2 or run.poll() is not None)
    cluster.stop(workers[0])
    said, _ = run.communicate(timeout=120)

    assert run.returncode == 0, said
    assert "8 reports" in said
    for region in ("all", "north"):
        for name in ("10_trend", "20_hotspot", "30_root_cause", "40_segment"):
            assert f"60 tickets of {region} made in project-" in text(acme, region, name)
    assert str(cluster.folder) not in text(acme, "all", "10_trend")
    left = list((acme.root / "reports").rglob(".*"))
    assert not left, "nothing half-written stays"


def test_tables_are_brought_from_where_their_uri_says(acme, cluster):
    notebook(acme, "10_trend", SHOWN + "\nprint('tables in', processed)")
    assert acme.run("clean")[0] == 0
    archive = shutil.make_archive(str(cluster.folder / "tables"), "zip", acme.processed)
    cluster.worker()
    asked = ["--executor", f"dask://127.0.0.1:{cluster.port}", "--tables", f"zip://::{archive}"]
    status, out, error = acme.run("render", *asked, "--region", "north")

    assert status == 0, out + error
    assert "60 tickets of north" in text(acme, "north", "10_trend")
    (copy,) = cluster.folder.glob("aftersales-worker-*/tables-*")
    assert (copy / "manifest.json").is_file()


def test_tables_of_another_run_are_refused(acme, cluster):
    notebook(acme, "10_trend", SHOWN)
    assert acme.run("clean")[0] == 0
    old = shutil.copytree(acme.processed, acme.root / "old")
    acme.write("data/raw/acme/tickets.csv", acme.csv + "T99,2025-02-01,North\n")
    assert acme.run("clean")[0] == 0
    cluster.worker()
    asked = ["--executor", f"dask://127.0.0.1:{cluster.port}", "--tables", old.as_uri()]

    said = acme.refused("render", *asked)
    assert re.search(r"The tables at file://\S*old, as \S+ reads them, are not those of this", said)


def test_a_scheduler_that_does_not_answer_is_an_error(acme, monkeypatch):
    monkeypatch.setattr("aftersales.report.run.cluster.PATIENCE_S", 1)
    assert acme.run("clean")[0] == 0

    said = acme.refused("render", "--executor", "dask://127.0.0.1:9")
    assert said.startswith("No Dask scheduler with a worker answers at tcp://127.0.0.1:9")


def test_an_executor_of_another_kind_is_refused(acme):
    assert acme.run("clean")[0] == 0
    assert "dask://host:port" in acme.refused("render", "--executor", "ray://x")
