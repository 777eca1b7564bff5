"""The `aftersales` command. Exit status: 0 done, 1 something failed while running, 2 cannot be used."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aftersales import __version__
from aftersales.config import Profile, find_root, read_profile
from aftersales.data.files import is_full
from aftersales.errors import AftersalesError, RequestError, nearest
from aftersales.listing import Listing, listed, print_table

if TYPE_CHECKING:
    from aftersales.data.store import Store
    from aftersales.report.render import Request, Run

DEBUG = "AFTERSALES_DEBUG"  # set to show tracebacks
_UNUSABLE = (
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.EISDIR,
    errno.ENOTDIR,
    errno.EEXIST,
    errno.ENOENT,
    errno.ENAMETOOLONG,
)

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
    return read_profile(name, root=find_root())


def _raw(profile: Profile, raw: Path | None) -> Path:
    return raw or find_root() / "data" / "raw" / profile.name


def _processed(profile: Profile, processed: Path | None) -> Path:
    return processed or find_root() / "data" / "processed" / profile.name


@app.command()
def sample(
    raw: RawFolder = None,
    tickets: Annotated[int, typer.Option(min=100, help="Number of tickets.")] = 60_000,
    months: Annotated[int, typer.Option(min=3, max=120, help="Months of history.")] = 36,
    seed: Annotated[int, typer.Option(help="The same seed gives the same company.")] = 1,
    quiet: Annotated[bool, typer.Option("--quiet", help="Plant nothing.")] = False,
) -> None:
    """Generate the raw files of the profile `sample`, with the truth planted in them beside."""
    from aftersales.data.sample import write_sample

    folder = raw or find_root() / "data" / "raw" / "sample"
    files = write_sample(folder, tickets=tickets, months=months, seed=seed, quiet=quiet)
    typer.echo(f"Wrote {len(files)} files to {folder}.")


@app.command()
def check(profile: ProfileName = "sample", raw: RawFolder = None) -> None:
    """Read the profile and the first rows of every raw file; change nothing."""
    from aftersales.data.clean import check_profile
    from aftersales.metrics.registry import check_targets

    settings = _profile(profile)
    check_targets(settings)
    for line in check_profile(settings, raw=_raw(settings, raw)):
        typer.echo(line)


@app.command()
def clean(
    profile: ProfileName = "sample", raw: RawFolder = None, processed: ProcessedFolder = None
) -> None:
    """Turn raw files into processed tables; every row is kept, a duplicate, or rejected."""
    settings = _profile(profile)
    _clean(settings, raw=raw, processed=_processed(settings, processed))


def _clean(profile: Profile, *, raw: Path | None, processed: Path) -> None:
    from aftersales.data.clean import clean_profile

    folder = _raw(profile, raw)
    if raw is None and profile.name == "sample" and not folder.exists():
        typer.echo("No raw files yet: generating the sample company.", err=True)
        sample()
    with _progress() as bar:
        task = bar.add_task("Cleaning", total=None)
        manifest = clean_profile(
            profile,
            raw=folder,
            processed=processed,
            progress=lambda table, rows: bar.update(task, description=f"{table}: {rows:,} rows"),
        )
    print_table(
        ["table", "read", "kept", "duplicates", "rejected"],
        [
            [name, *(f"{entry[k]:,}" for k in ("read", "kept", "duplicates", "rejected"))]
            for name, entry in manifest.to_json()["tables"].items()
        ],
    )
    typer.echo(f"Processed tables are in {processed}.")


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
    engine: Annotated[str, typer.Option(help="How notebooks are run.")] = "kernel",
    force: Annotated[
        bool, typer.Option("--force", help="Run reports that are current too.")
    ] = False,
    parameter: Annotated[
        list[str] | None, typer.Option("-p", help="A notebook parameter, name=value; repeatable.")
    ] = None,
) -> None:
    """Run the notebooks for every region and write HTML pages and an index."""
    from aftersales.data.store import open_store
    from aftersales.metrics.registry import check_targets
    from aftersales.report.render import ENGINES, Request
    from aftersales.words import use_language

    settings = _profile(profile)
    check_targets(settings)
    if engine not in ENGINES:
        raise RequestError(f'Engine "{engine}" does not exist; {nearest(engine, ENGINES)}')
    folder = _processed(settings, processed)
    if processed is None and profile == "sample" and not folder.exists():
        _clean(settings, raw=None, processed=folder)
    store = open_store(settings, processed=folder)
    spoken = language.value if language else settings.language
    use_language(spoken)
    request = Request(
        root=find_root(),
        out=out or find_root() / "reports" / profile,
        processed=folder,
        language=spoken,
        as_of=as_of,
        regions=region or (),
        level=level,
        notebooks=notebook or (),
        workers=workers,
        engine=engine,
        force=force,
        parameters=_pairs(parameter or ()),
    )
    _render(store, request)


def _render(store, request) -> None:
    from aftersales.report.render import render

    with _progress() as bar:
        task = bar.add_task("Rendering", total=None)

        def on_done(outcome, total: int) -> None:
            job = outcome.job
            bar.update(task, total=total, advance=1, description=f"{job.region} {job.notebook}")

        run = render(store, request, on_done=on_done)
    _print_run(run)
    typer.echo(f"Open {run.index}")
    if run.failed:
        raise typer.Exit(1)


def _print_run(run) -> None:
    names = sorted({o.job.notebook for o in run.outcomes})
    rows = []
    for name in names:
        of = [o for o in run.outcomes if o.job.notebook == name]
        tally = [sum(o.status == s for o in of) for s in ("ok", "reused", "failed")]
        seconds = sum(o.seconds for o in of if o.status != "reused")
        rows.append([name, *map(str, tally), f"{seconds:.1f}"])
    print_table(["notebook", "ran", "reused", "failed", "seconds"], rows)
    for o in run.failed:
        cell = f" in cell {o.error['cell']}" if o.error.get("cell") else ""
        typer.echo(
            f"failed: {o.job.notebook} for {o.job.region}{cell}: "
            f"{o.error.get('name')}: {o.error.get('message')}",
            err=True,
        )
    typer.echo(f"{len(run.outcomes)} reports in {run.seconds:.1f} s.")


def _pairs(texts) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise RequestError(f'-p "{text}" is not of the form name=value, e.g. -p months=24.')
        if name in pairs:
            raise RequestError(f'Parameter "{name}" is given twice with -p; give it once.')
        pairs[name] = value
    return pairs


@app.command("list")
def list_(what: Listing, profile: ProfileName = "sample") -> None:
    """List what there is: profiles, regions, metrics, notebooks or parameters."""
    print_table(*listed(what, profile=profile))


def _progress():
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description:<32}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )


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
    sys.exit(run())


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status; every error becomes one sentence."""
    try:
        status = app(args=arguments, standalone_mode=False)
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        text, status = _explained(error)
        typer.echo(f"error: {text}", err=True)
    return status if isinstance(status, int) else 0


def _explained(error: Exception) -> tuple[str, int]:
    """A sentence for an error, and the exit status."""
    if isinstance(error, AftersalesError):
        return str(error), error.exit_status
    if hasattr(error, "format_message"):  # of the command line's parser
        return f"{error.format_message()} `aftersales --help` shows what there is.", 2
    if is_full(error):
        return (
            f"The disk is full, so {error.filename or 'the output'} could not be written. Free some "
            "space, or choose another folder with --out, --processed or --raw; what was there "
            "before is unchanged.",
            2,
        )
    if isinstance(error, OSError) and error.errno in _UNUSABLE:
        return (
            f"{error.filename or 'The output'} cannot be used: {error.strerror}. Change its "
            "rights, or name another folder.",
            2,
        )
    reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return (
        f"Something failed that should not have ({reason}). Set {DEBUG}=1 and run the command "
        "again to see where; nothing that was finished is lost.",
        1,
    )
