"""The `aftersales` command.

Exit status: 0 done, 1 something failed while running, 2 the request or the data cannot be used,
130 interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aftersales import __version__
from aftersales.command.listing import Listing, listed
from aftersales.command.terminal import (
    DEBUG,
    explained,
    inputs_of,
    pairs,
    print_cleaning,
    print_run,
    print_table,
    progress,
)
from aftersales.errors import DataError, RequestError, nearest
from aftersales.profile.config import Profile, find_root, read_profile
from aftersales.words import use_language

if TYPE_CHECKING:
    from aftersales.report.plan.task import Outcome
    from aftersales.report.render import Request

INTERRUPTED = 130  # as shells have it: 128 + the number of the signal

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="After-sales quality analysis: raw files in, a report for every region out.",
    pretty_exceptions_enable=False,
)

ProfileName = Annotated[str, typer.Option("--profile", help="A folder in config/.")]
RawFolder = Annotated[
    Path | None, typer.Option("--raw", help="Raw files; default data/raw/<profile>.")
]
ProcessedFolder = Annotated[
    Path | None,
    typer.Option("--processed", help="Processed tables; default data/processed/<profile>."),
]
OutFolder = Annotated[
    Path | None, typer.Option("--out", help="Reports; default reports/<profile>.")
]


class Language(StrEnum):
    en = "en"
    zh = "zh"


def _profile(name: str) -> Profile:
    from aftersales.metrics.registry import check_targets

    profile = read_profile(name, root=find_root())
    check_targets(profile)
    return profile


def _raw(profile: Profile, raw: Path | None) -> Path:
    return raw or find_root() / "data" / "raw" / profile.name


def _processed(profile: Profile, processed: Path | None) -> Path:
    return _own(processed, "--processed") or find_root() / "data" / "processed" / profile.name


def _own(folder: Path | None, option: str) -> Path | None:
    """A folder that is asked for and that can be replaced as a whole."""
    if folder is None:
        return None
    here = folder.resolve()
    if here in (*Path.cwd().resolve().parents, Path.cwd().resolve(), Path(here.anchor)):
        raise RequestError(
            f'{option} "{folder}" is the project or a folder above it; give a folder of its own, '
            "such as out/tables."
        )
    return folder


@app.command()
def sample(
    raw: RawFolder = None,
    tickets: Annotated[int, typer.Option(min=100, help="Number of tickets.")] = 60_000,
    months: Annotated[int, typer.Option(min=3, max=120, help="Months of history.")] = 36,
    seed: Annotated[int, typer.Option(help="The same seed gives the same company.")] = 1,
    quiet: Annotated[bool, typer.Option("--quiet", help="Plant nothing.")] = False,
) -> None:
    """Generate the raw files of the profile `sample`, with the truth planted in them beside."""
    from aftersales.sample.generator import write_sample

    folder = raw or find_root() / "data" / "raw" / "sample"
    files = write_sample(folder, tickets=tickets, months=months, seed=seed, quiet=quiet)
    typer.echo(f"Wrote {len(files)} files to {folder}.")


@app.command()
def check(
    profile: ProfileName = "sample",
    raw: RawFolder = None,
    limit: Annotated[
        int,
        typer.Option(min=0, max=100, help="Per cent of rejected rows above which to end with 2."),
    ] = 20,
) -> None:
    """Read the profile and the first rows of every raw file; change nothing."""
    from aftersales.data.clean.clean import check_profile

    settings = _profile(profile)
    found = check_profile(settings, raw=_raw(settings, raw))
    for line in (line for table in found for line in table.lines):
        typer.echo(line)
    if worst := [table.table for table in found if table.rejected * 100 > limit]:
        raise DataError(
            f"More than {limit} % of the rows of {', '.join(worst)} would be rejected; mend the "
            f"mapping in config/{profile}/sources.yaml, or give another --limit."
        )


@app.command()
def clean(
    profile: ProfileName = "sample",
    raw: RawFolder = None,
    processed: ProcessedFolder = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also read raw files that have not changed.")
    ] = False,
) -> None:
    """Turn raw files into processed tables; every row is kept, a duplicate, or rejected."""
    settings = _profile(profile)
    _clean(settings, raw=raw, processed=_processed(settings, processed), force=force)


def _clean(profile: Profile, *, raw: Path | None, processed: Path, force: bool = False) -> None:
    from aftersales.data.clean.clean import clean_profile
    from aftersales.data.store.store import open_store

    folder = _raw(profile, raw)
    if raw is None and profile.name == "sample" and not folder.exists():
        typer.echo("No raw files yet: generating the sample company.", err=True)
        sample()
    before = inputs_of(processed)
    with progress("Cleaning") as update:
        clean_profile(
            profile,
            raw=folder,
            processed=processed,
            progress=lambda table, rows: update(description=f"{table}: {rows:,} rows"),
            force=force,
        )
    print_cleaning(open_store(profile, processed=processed), before=before)


@app.command()
def render(
    profile: ProfileName = "sample",
    processed: ProcessedFolder = None,
    out: OutFolder = None,
    as_of: Annotated[str, typer.Option(help="Last complete day, YYYY-MM-DD.")] = "",
    region: Annotated[list[str] | None, typer.Option(help="A region's id; repeatable.")] = None,
    level: Annotated[str | None, typer.Option(help="All regions of a level.")] = None,
    notebook: Annotated[list[str] | None, typer.Option(help="A notebook; repeatable.")] = None,
    language: Annotated[Language | None, typer.Option(help="Default: the profile's.")] = None,
    workers: Annotated[int, typer.Option(min=0, help="Processes; 0 is one a core.")] = 0,
    engine: Annotated[
        str, typer.Option(help="fork or kernel; default: fork where that is safe.")
    ] = "",
    executor: Annotated[
        str, typer.Option(help="dask://host:port; default: processes of this machine.")
    ] = "",
    tables: Annotated[
        str, typer.Option(help="URI of the processed tables for workers of a cluster.")
    ] = "",
    time_limit: Annotated[
        int, typer.Option(min=1, help="Seconds a notebook may take; engine fork only.")
    ] = 1800,
    memory_limit: Annotated[
        int,
        typer.Option(min=0, help="MB a notebook may take; 0 is its share; engine fork only."),
    ] = 0,
    force: Annotated[
        bool, typer.Option("--force", help="Run reports that are current too.")
    ] = False,
    parameter: Annotated[
        list[str] | None, typer.Option("-p", help="A notebook parameter, name=value; repeatable.")
    ] = None,
) -> None:
    """Run the notebooks for every region and write HTML pages and an index."""
    from aftersales.report.render import Request, check_request
    from aftersales.report.run.executor import ENGINES

    settings = _profile(profile)
    if engine and engine not in ENGINES:
        raise RequestError(f'Engine "{engine}" does not exist; {nearest(engine, ENGINES)}')
    if executor and not executor.startswith("dask://"):
        raise RequestError(f'--executor "{executor}" is not of the form dask://host:port.')
    request = Request(
        root=find_root(),
        out=_own(out, "--out") or find_root() / "reports" / profile,
        processed=_processed(settings, processed),
        as_of=as_of,
        regions=region or (),
        level=level,
        notebooks=notebook or (),
        workers=workers,
        engine=engine,
        executor=executor,
        tables=tables,
        time_limit=time_limit,
        memory_limit=memory_limit * 2**20,
        force=force,
        parameters=pairs(parameter or ()),
    )
    check_request(settings, request)
    if processed is None and profile == "sample" and not request.processed.exists():
        _clean(settings, raw=None, processed=request.processed)
    use_language(language.value if language else settings.language)
    _render(settings, request)


def _render(profile: Profile, request: Request) -> None:
    from aftersales.data.store.store import open_store
    from aftersales.report.render import render

    store = open_store(profile, processed=request.processed)
    with progress("Rendering") as update:

        def on_done(outcome: Outcome, total: int) -> None:
            done = f"{outcome.job.region} {outcome.job.notebook}"
            update(total=total, advance=1, description=done)

        run = render(store, request, on_done=on_done)
    print_run(run)
    if run.failed:
        raise typer.Exit(1)


@app.command("list")
def list_(what: Listing, profile: ProfileName = "sample") -> None:
    """List what there is: profiles, regions, metrics, notebooks or parameters."""
    print_table(*listed(what, profile=profile))


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"aftersales {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """After-sales quality analysis: raw files in, a report for every region out."""


def main() -> None:
    """Entry point of the command."""
    for name in ("SIGTERM", "SIGHUP"):  # end in order: processes that were started end too
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda number, _: sys.exit(128 + number))
    sys.exit(run_command())


def run_command(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; every error becomes one sentence on stderr."""
    try:
        status = app(args=arguments, standalone_mode=False)
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        text, status = explained(error)
        typer.echo(f"error: {text}", err=True)
    if status == INTERRUPTED:
        typer.echo("Interrupted; what was finished is kept. The same command goes on.", err=True)
    return status if isinstance(status, int) else 0
