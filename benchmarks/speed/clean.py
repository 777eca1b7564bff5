"""How long cleaning takes beside the fastest copy there is, and how much memory it needs.

    python benchmarks/speed/clean.py [N]

Makes a CSV of N tickets (500,000 unless given), copies it to sorted Parquet with DuckDB's COPY,
cleans it, and prints seconds, peak memory and the ratio of the two: once without free text, once
with a description in which personal data are masked. The aims are ratios of at most 4 and 15 and,
at 5 million tickets, less than 1 GB.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

TICKETS = 500_000
SOURCES = """
timezone: Asia/Shanghai
as_of: 2025-12-31
tables:
  tickets:
    files: [tickets.csv]
    columns:
      ticket_id: id
      opened_at: {from: opened, format: "%Y-%m-%d %H:%M:%S", min: 2015-01-01}
      resolved_at: {from: resolved, format: "%Y-%m-%d %H:%M:%S"}
      closed_at: {from: closed, format: "%Y-%m-%d %H:%M:%S"}
      ticket_type: {from: type, codes: {报修: fault, 投诉: complaint}}
      severity: severity
      region: province
      product: product
      model: model
      unit_id: serial
      customer_id: customer
      reopened: reopened
      cost: {from: cents, scale: 0.01, min: 0, max: 100000}
"""
DESCRIBED = "      description: note\n"
# One note in five holds a telephone number, one in thirty a mail address.
NOTE = """, case i % 6 when 0 then '空调不制冷，开机十分钟后停机，外机有异响，错误代码 E' || i % 40
    when 1 then '客户反映洗衣机脱水时震动大，已移位两次，要求上门，周' || 1 + i % 7 || '下午'
    when 2 then 'water heater leaks at the lower valve since ' || i % 28 || ' days, part ordered'
    when 3 then '再次来电催修，配件未到，情绪激动，承诺 ' || i % 72 || ' 小时内回复'
    when 4 then 'unit stops after firmware update, resets when unplugged, log line ' || i % 9999
    else '更换主板后正常，用户满意，旧件已回收，工时 ' || i % 5 || ' 小时' end
    || case when i % 5 = 0 then '，电话 138' || 10000000 + hash(i + 4) % 89999999 else '' end
    || case when i % 30 = 7 then ' mail user' || i % 5000 || '@example.com' else '' end as note"""
REGIONS = """
{id: CN, level: country, children: [%s]}
"""
ROWS = """
copy (
    select 'T' || i as id, strftime(opened, '%Y-%m-%d %H:%M:%S') as opened,
        strftime(opened + to_hours((i % 90)::int), '%Y-%m-%d %H:%M:%S') as resolved,
        strftime(opened + to_hours((i % 90 + 24)::int), '%Y-%m-%d %H:%M:%S') as closed,
        case when i % 3 = 0 then '投诉' else '报修' end as type, 1 + i % 4 as severity,
        'P' || hash(i) % 31 as province, 'product ' || hash(i) % 9 as product,
        'M-' || hash(i) % 97 as model, 'U' || (hash(i + 1) % 9000000) as serial,
        'C' || (hash(i + 2) % 5000000) as customer, i % 20 = 0 as reopened,
        hash(i + 3) % 90000 as cents {note}
    from (select i, timestamp '2023-01-01' + to_seconds((hash(i) % 94000000)::bigint) as opened
        from range({n}) t(i))
) to '{file}' (format csv, header)
"""


def main(n: int) -> None:
    """Print one line per way, and the ratio, for tickets without and with free text."""
    for described in (False, True):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            _apart(_make_described if described else _make, folder, n)
            size = (folder / "raw" / "tickets.csv").stat().st_size / 1e6
            text = "with" if described else "without"
            print(f"{n:,} tickets {text} text, {size:,.0f} MB of CSV, {os.cpu_count()} cores")
            copy, copy_memory = _apart(_copy, folder, n)
            print(f"DuckDB COPY       {copy:6.2f} s  peak {copy_memory:6.0f} MB")
            clean, clean_memory = _apart(_clean, folder, n)
            print(f"aftersales clean  {clean:6.2f} s  peak {clean_memory:6.0f} MB")
            print(f"ratio             {clean / copy:6.2f}")


def _make_described(folder: Path, n: int) -> None:
    _make(folder, n, note=NOTE, column=DESCRIBED)


def _make(folder: Path, n: int, note: str = "", column: str = "") -> None:
    import duckdb

    provinces = ", ".join(f"{{id: P{i}, level: province}}" for i in range(31))
    (folder / "config" / "bench").mkdir(parents=True)
    (folder / "config" / "bench" / "sources.yaml").write_text(SOURCES + column, encoding="utf-8")
    (folder / "config" / "bench" / "regions.yaml").write_text(REGIONS % provinces)
    (folder / "raw").mkdir()
    duckdb.sql(ROWS.format(n=n, note=note, file=folder / "raw" / "tickets.csv"))


def _copy(folder: Path, n: int) -> None:
    import duckdb

    csv, out = folder / "raw" / "tickets.csv", folder / "copy.parquet"
    duckdb.sql(f"copy (from read_csv('{csv}') order by province, opened) to '{out}'")


def _clean(folder: Path, n: int) -> None:
    from aftersales.data.clean.clean import clean_profile
    from aftersales.profile.config import read_profile

    profile = read_profile("bench", root=folder)
    manifest = clean_profile(profile, raw=folder / "raw", processed=folder / "processed" / "bench")
    if manifest.tables["tickets"].kept != n:
        raise SystemExit(f"kept {manifest.tables['tickets'].kept:,} of {n:,} tickets")


def _apart(work: Callable[[Path, int], None], folder: Path, n: int) -> tuple[float, float]:
    """Seconds of `work` without imports, and peak memory in MB, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_measured, (work, folder, n))


def _measured(work: Callable[[Path, int], None], folder: Path, n: int) -> tuple[float, float]:
    import aftersales.data.clean.clean  # noqa: F401  imports are not what is measured

    start = time.perf_counter()
    work(folder, n)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return time.perf_counter() - start, peak


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else TICKETS)
