"""Where the numbers of a report come from: period, rows, definitions, code, data."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from aftersales import __version__, words
from aftersales.words import say, say_n

if TYPE_CHECKING:
    from aftersales.data.store.store import Store

_FINGERPRINT = 16  # characters of the data's hash that are printed


def show_provenance(
    store: Store,
    *,
    region: str,
    as_of: str | pd.Timestamp | None = None,
    tables: Sequence[str],
    metrics: Sequence[str] = (),
    parameters: Mapping[str, Any] | None = None,
) -> None:
    """Display what the report stands on; the last cell of every notebook.

    Parameters
    ----------
    region : id of the region the notebook looked at
    as_of : last day looked at; "" or None is the last day of the data
    tables : tables the notebook read; those the profile lacks are named as lacking
    metrics : keys of the metrics used, whose definitions are printed
    parameters : the notebook's other parameters
    """
    from IPython.display import display

    entries = provenance(
        store, region=region, as_of=as_of, tables=tables, metrics=metrics, parameters=parameters
    )
    pairs = "\n".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in entries)
    html = f'<div class="provenance"><dl>\n{pairs}\n</dl></div>'
    text = "\n".join(f"{k}: {v}" for k, v in entries)
    display({"text/html": html, "text/plain": text}, raw=True)


def provenance(
    store: Store,
    *,
    region: str,
    as_of: str | pd.Timestamp | None,
    tables: Sequence[str],
    metrics: Sequence[str] = (),
    parameters: Mapping[str, Any] | None = None,
) -> list[tuple[str, str]]:
    """The entries as (name, text), in the reader's language."""
    day = pd.Timestamp(as_of) if as_of is not None and as_of != "" else store.as_of
    region = region or store.profile.regions.root.id
    held = [t for t in tables if store.has(t)]
    entries = [(say("Region"), _region(store, region)), (say("Data until"), words.day(day))]
    entries += [(say('Table "{table}"', table=t), _rows(store.manifest["tables"][t])) for t in held]
    if lacking := [t for t in tables if t not in held]:
        entries.append((say("Tables the data lack"), words.listing(lacking)))
    entries += [_definition(key) for key in metrics]
    entries.append((say("Program"), _program(store)))
    if parameters:
        pairs = [f"{k}={v}" for k, v in sorted(parameters.items())]
        entries.append((say("Parameters"), ", ".join(pairs)))
    short = store.fingerprint(region)[:_FINGERPRINT]
    return [*entries, (say("Data fingerprint"), f"sha256 {short}")]


def _region(store: Store, region: str) -> str:
    return f"{store.profile.label('region', region, words.language())} ({region})"


def _rows(table: Mapping[str, Any]) -> str:
    """Rows used and left out of one table, for the whole company; the log holds the reasons."""
    used = say_n("{n} row used", "{n} rows used", table["kept"])
    left = say(
        "left out: {duplicates} duplicates, {rejected} rejected",
        duplicates=words.count(table["duplicates"]),
        rejected=words.count(table["rejected"]),
    )
    span = f"{table['first'][:10]} – {table['last'][:10]}" if table.get("first") else ""
    return " · ".join(part for part in (used, left, span) if part)


def _definition(key: str) -> tuple[str, str]:
    from aftersales.metrics.registry import METRICS

    return say(METRICS[key].title), f"{say(METRICS[key].definition)} ({key})"


def _program(store: Store) -> str:
    revision = code_revision()
    code = f"aftersales {__version__}" + (f" ({revision})" if revision else "")
    schema = say("cleaning schema {version}", version=store.manifest["schema_version"])
    return f"{code} · {schema}"


@lru_cache(maxsize=1)
def code_revision() -> str:
    """The short git revision of the code, with a "+" if files differ from it; "" without git."""
    folder = Path(__file__).resolve().parents[1]

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(folder), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
        return done.stdout.strip()

    try:
        revision = git("rev-parse", "--short", "HEAD")
        return revision + ("+" if git("status", "--porcelain", "--", ".") else "")
    except (OSError, subprocess.SubprocessError):
        return ""
