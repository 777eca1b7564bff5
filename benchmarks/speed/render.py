"""How long reports take: the fork engine against papermill's and nbconvert's commands.

    python benchmarks/speed/render.py                # 31 provinces x 5 notebooks, three rounds
    python benchmarks/speed/render.py --regions 4 --rounds 1

Variants, interleaved in every round, each in a process of its own whose descendants are all waited
for, so that CPU time is complete:

commands  `xargs -P2` over `papermill` and `jupyter nbconvert --to html`, as a shell script does it
fork      `aftersales render --engine fork`, with pages, findings and index
kernel    `aftersales render --engine kernel`
bare      the same cells run by `exec` in forked children, two at a time: no IPython, no papermill,
          no HTML; what a cell displays is made (figures as SVG, tables as HTML), and thrown away

Memory is the largest sum, over all processes of the variant, of the proportional set size (PSS:
a page shared by n processes counts 1/n in each).
"""

from __future__ import annotations

import argparse
import ctypes
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORKERS = 2
VARIANTS = ("commands", "fork", "kernel", "bare")
_BECOME_REAPER = 36  # PR_SET_CHILD_SUBREAPER: orphans of descendants become our children


@dataclass(frozen=True)
class Cost:
    """What one run of a variant took."""

    wall: float  # seconds
    cpu: float  # seconds, of all its processes
    memory: float  # megabytes at the peak


def measured(command: list[str], *, folder: Path) -> Cost:
    """Run a command and wait for every process that it leaves behind."""
    started, before = time.perf_counter(), os.times()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, env=environment())
    peak = _Peak(process.pid)
    process.wait()
    wall = time.perf_counter() - started
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    peak.stop()
    if process.returncode:
        raise SystemExit(f"{command} failed; see {folder}")
    after = os.times()
    cpu = (
        after.children_user + after.children_system - before.children_user - before.children_system
    )
    return Cost(wall, cpu, peak.megabytes)


def environment() -> dict[str, str]:
    """Byte code may be written, and one thread a process is set by the variants themselves."""
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


class _Peak:
    """The largest PSS of a process and its descendants, looked at ten times a second."""

    def __init__(self, root: int) -> None:
        self.megabytes, self._root, self._end = 0.0, root, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._end.wait(0.2):
            total = sum(map(_pss, _descendants(os.getpid())))
            self.megabytes = max(self.megabytes, total / 1024)


def _descendants(root: int) -> list[int]:
    """Processes below `root`; orphans are below it too, because it reaps them."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int(
                    (entry / "stat").read_text().rsplit(")", 1)[1].split()[1]
                )
            except (OSError, IndexError):
                continue
    found, new = [], {root}
    while new:
        new = {p for p, parent in parents.items() if parent in new}
        found += new
    return found


def _pss(process: int) -> int:
    """Kilobytes."""
    try:
        rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next(
        (int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0
    )


def provinces(count: int) -> list[str]:
    from aftersales.profile.config import read_profile

    found = [r.id for r in read_profile("sample", root=ROOT).regions.at_level("province")]
    return found[:count] if count else found


def command(variant: str, *, regions: list[str], folder: Path) -> list[str]:
    """How a variant is started."""
    if variant == "commands":
        return ["bash", "-c", by_commands(regions, folder)]
    if variant == "bare":
        return [sys.executable, str(Path(__file__).with_name("_render_bare.py")), *regions]
    asked = [part for region in regions for part in ("--region", region)]
    where = ["--out", str(folder), "--engine", variant, "--workers", str(WORKERS), "--force"]
    return [str(Path(sys.executable).with_name("aftersales")), "render", *where, *asked]


def by_commands(regions: list[str], folder: Path) -> str:
    """A shell script: one line per report, two at a time."""
    bin_ = Path(sys.executable).parent
    lines = []
    for region in regions:
        for notebook in sorted((ROOT / "notebooks").glob("[0-9]*_*.ipynb")):
            done = folder / f"{region}_{notebook.name}"
            lines.append(
                f"{bin_}/papermill --no-progress-bar --cwd {ROOT}/notebooks -p region {region} "
                f"-k python3 {notebook} {done} 2>/dev/null && "
                f"{bin_}/jupyter nbconvert --to html --log-level ERROR {done}"
            )
    jobs = folder / "jobs"
    jobs.write_text("\n".join(lines) + "\n")
    return f"tr '\\n' '\\0' < {jobs} | xargs -0 -P{WORKERS} -I {{}} bash -c '{{}}'"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--regions", type=int, default=0, help="provinces; 0 is all 31")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--variants", default=",".join(VARIANTS))
    asked = parser.parse_args()
    ctypes.CDLL(None).prctl(_BECOME_REAPER, 1)
    regions, costs = provinces(asked.regions), {v: [] for v in asked.variants.split(",")}
    for number in range(asked.rounds):
        for variant in costs:
            folder = Path(tempfile.mkdtemp(prefix="aftersales-bench-"))
            cost = measured(command(variant, regions=regions, folder=folder), folder=folder)
            shutil.rmtree(folder)
            costs[variant].append(cost)
            print(f"round {number + 1}  {variant:<9}{cost.wall:8.1f} s wall{cost.cpu:8.1f} s CPU"
                  f"{cost.memory:8.0f} MB", flush=True)  # fmt: skip
    notebooks = len(list((ROOT / "notebooks").glob("[0-9]*_*.ipynb")))
    print_table(costs, reports=len(regions) * notebooks)


def print_table(costs: dict[str, list[Cost]], *, reports: int) -> None:
    """Medians over the rounds, and how often each is contained in the commands."""
    median = {
        v: Cost(
            *(statistics.median(getattr(c, part) for c in of) for part in ("wall", "cpu", "memory"))
        )
        for v, of in costs.items()
    }
    rounds = max(map(len, costs.values()))
    print(f"\n{reports} reports, {WORKERS} at a time, medians of {rounds} rounds:\n")
    print("| variant | wall s | CPU s | peak MB | commands / it, wall | CPU | it / bare, wall |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    first, bare = median.get("commands"), median.get("bare")
    for variant, cost in median.items():
        ratios = (
            [f"{first.wall / cost.wall:.1f}", f"{first.cpu / cost.cpu:.1f}"] if first else ["", ""]
        )
        over = f"{cost.wall / bare.wall:.2f}" if bare else ""
        print(f"| {variant} | {cost.wall:.1f} | {cost.cpu:.1f} | {cost.memory:.0f} | {ratios[0]} | "
              f"{ratios[1]} | {over} |")  # fmt: skip


if __name__ == "__main__":
    main()
