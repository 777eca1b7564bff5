"""How many raw files and profiles of a folder of cases are read right, or refused in one sentence.

    python benchmarks/truth/raw_cases.py FOLDER [TRUTH] [--only WORD]

A case is a folder below FOLDER with `input/` and `profile/`, or with `config/` and `data/raw/` of
one profile. Each is copied to a folder of its own, in which `check` and `clean` run, at most a
minute each. TRUTH is a YAML file: case -> a list of SQL conditions over the processed tables, or
over `said`, all that the two commands printed. A case with an entry is right if every condition
holds, or if the command ended with status 2 and one sentence and the entry begins with `refused`
or says so; one without is right if it is refused with one sentence that names a file of the
project. Cases whose fault is made beside the profile are only run.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import shutil
import sys
import tempfile
import time
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import duckdb
import yaml

LIMIT = 60  # seconds a command may take
NAMES_A_FILE = re.compile(r"\w\.(yaml|csv|xlsx|jsonl|json|db|xls|zip|txt)\b|--\w+|data/|config/")


def main(folder: Path, truth: Path | None, only: str) -> None:
    """Print one line a case and the score."""
    known = yaml.safe_load(truth.read_text(encoding="utf-8")) if truth else {}
    right = total = 0
    for case in sorted(p for p in folder.iterdir() if p.is_dir() and only in p.name):
        verdict, said = _judged(case, known.get(case.name))
        right, total = right + (verdict == "right"), total + 1
        print(f"{verdict:6} {case.name:44} {said[:150]}", flush=True)
    print(f"{right} of {total} right")


def _judged(case: Path, truth: list[str] | None) -> tuple[str, str]:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        profile = _copied(case, root)
        said, status = "", 0
        for command in ("check", "clean"):
            status, text = _apart(root, [command, "--profile", profile])
            said += text
            if status:
                break
        if truth is None and (case / "config").is_dir() and _alone(case.name):
            good = status == 2 and len(text.strip().splitlines()) == 1
            good = good and bool(NAMES_A_FILE.search(text))
        elif truth is None:
            refused = status == 2 and len(text.strip().splitlines()) == 1
            good = refused and bool(NAMES_A_FILE.search(text)) if status else True
        else:
            good = _holds(truth, root / "data/processed" / profile, said, status)
    return ("right" if good else "WRONG"), f"[{status}] {' '.join(text.split())}"


def _alone(name: str) -> bool:
    """Whether the profile itself is at fault, not something done before or beside."""
    beside = ("findings", "history", "manifest", "processed", "region_is_file", "req_", "reg_deep")
    return not name.startswith(beside)


def _holds(truth: list[str], processed: Path, said: str, status: int) -> bool:
    if status:
        return status == 2 and any(c == "refused" for c in truth)
    with duckdb.connect() as connection:
        connection.execute("create table told as select ?::varchar as said", [said])
        for table in (p for p in processed.iterdir() if p.is_dir() and p.name[0] != "."):
            if any(table.rglob("*.parquet")):
                connection.execute(
                    f"create view {table.name} as from read_parquet('{table}/**/*.parquet', "
                    "hive_partitioning=true, hive_types_autocast=false)"
                )
        conditions = [c for c in truth if c != "refused"]
        try:
            return bool(conditions) and all(
                connection.sql(f"select {c}").fetchall()[0][0] for c in conditions
            )
        except duckdb.Error:
            return False


def _copied(case: Path, root: Path) -> str:
    (root / "pyproject.toml").write_text("")
    if (case / "profile").is_dir():
        shutil.copytree(case / "profile", root / "config/case")
        shutil.copytree(case / "input", root / "data/raw/case")
        return "case"
    for part in ("config", "data"):
        if (case / part).is_dir():
            shutil.copytree(case / part, root / part)
    os.system(f"chmod -R u+w {root}")
    return next(iter(sorted((case / "data/raw").iterdir()))).name


def _apart(root: Path, arguments: list[str]) -> tuple[int, str]:
    """Exit status and all output of a command, in a process of its own."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    child = context.Process(target=_run, args=(root, arguments, theirs))
    child.start()
    result: tuple[int, Any] = (-1, f"longer than {LIMIT} s")
    if ours.poll(LIMIT):
        try:
            result = ours.recv()
        except EOFError:
            result = (-1, "ended without a word")
    child.kill()
    child.join()
    return result


def _run(root: Path, arguments: list[str], pipe: Any) -> None:
    from aftersales.command.cli import run_command

    os.chdir(root)
    os.environ.setdefault("AFTERSALES_KEY", "a key for cases, as long as it needs to be")
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = run_command(arguments)
    pipe.send((status, err.getvalue() if status else out.getvalue() + err.getvalue()))


if __name__ == "__main__":
    import aftersales.command.cli
    import aftersales.data.clean.clean
    import aftersales.metrics.registry  # noqa: F401  loaded once, before the forks

    words = sys.argv[1:]
    wanted = words.pop(words.index("--only") + 1) if "--only" in words else ""
    paths = [Path(word) for word in words if not word.startswith("--")]
    started = time.perf_counter()
    main(paths[0], paths[1] if len(paths) > 1 else None, wanted)
    print(f"{time.perf_counter() - started:.0f} s")
