"""How often one report reads the store: scans of a table, results taken from the engine, seconds.

python benchmarks/speed/scans.py [--profile sample] [--region CN-44] [--detail]

Every notebook's question is asked once in this process, with nothing prepared for it, and its
findings are written. A scan is a call of `Store.scan`; a result is a call of `engines.collect`,
which runs one query. `--detail` lists which function asked for which table.
"""

from __future__ import annotations

import argparse
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aftersales.data.store.store import Store
from aftersales.display.project import load_project
from aftersales.metrics.counting import company, engines
from aftersales.questions.registry import QUESTIONS

OURS = "aftersales/"


@contextmanager
def counted() -> Iterator[Counter]:
    """Counts scans by table and caller, and results, while it is open."""
    seen: Counter = Counter()
    scan, run = Store.scan, engines._to_pandas

    def scanning(store: Store, table: str, **keywords: object):
        seen["scan", table, caller()] += 1
        return scan(store, table, **keywords)

    def running(*arguments: object, **keywords: object):
        seen["result", "", caller()] += 1
        return run(*arguments, **keywords)

    Store.scan, engines._to_pandas = scanning, running
    try:
        yield seen
    finally:
        Store.scan, engines._to_pandas = scan, run


def caller() -> str:
    """The nearest functions of ours that asked."""
    frames = [f for f in traceback.extract_stack()[:-2] if OURS in f.filename]
    return " < ".join(f"{Path(f.filename).stem}.{f.name}" for f in reversed(frames[-6:]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--profile", default="sample")
    parser.add_argument("--processed", default="")
    parser.add_argument("--region", default="CN-44")
    parser.add_argument("--detail", action="store_true")
    chosen = parser.parse_args()
    store = load_project(chosen.profile, processed=chosen.processed)
    print(f"{'notebook':20} scans results seconds")
    for name, question in QUESTIONS.items():
        ask = question.answer()
        company.forget()
        with counted() as seen:
            start = time.perf_counter()
            ask(store, region=chosen.region).findings()
            seconds = time.perf_counter() - start
        kinds: Counter = Counter()
        for (kind, *_), n in seen.items():
            kinds[kind] += n
        print(f"{name:20} {kinds['scan']:5} {kinds['result']:7} {seconds:7.2f}")
        if chosen.detail:
            for (kind, table, by), n in sorted(seen.items()):
                print(f"    {n:3} {kind:6} {table:8} {by}")


if __name__ == "__main__":
    main()
