"""Which notebooks to run for which regions, with which parameters, and what makes a run stale."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from aftersales.errors import RequestError, nearest
from aftersales.profile.config import Profile
from aftersales.profile.regions import Region
from aftersales.report.plan.parameters import Parameter, read_parameters, settle

TOO_SMALL = ("outlet",)  # levels that are reported on only when asked for


@dataclass(frozen=True)
class Job:
    """One notebook for one region."""

    notebook: str  # name without ending, e.g. "10_trend"
    region: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""  # digest of everything the result depends on


def list_notebooks(root: Path) -> dict[str, Path]:
    """Name -> file of the notebooks that reports are made of: those that begin with a number."""
    return {p.stem: p for p in sorted((root / "notebooks").glob("[0-9]*_*.ipynb"))}


def declared_parameters(paths: Mapping[str, Path]) -> dict[str, dict[str, Parameter]]:
    """The parameters of each notebook."""
    return {name: read_parameters(read_notebook(path), name=name) for name, path in paths.items()}


def read_notebook(path: Path) -> dict[str, Any]:
    """A notebook as plain data; the source of a cell is one text.

    A file that is no notebook of the present format is an error that says what to do. (nbformat,
    which checks more, takes a second to load; it reads the notebook again when it is run.)
    """
    try:
        notebook = json.loads(path.read_bytes())
        if notebook["nbformat"] != 4:
            raise ValueError(notebook["nbformat"])
        for cell in notebook["cells"]:
            cell["source"] = "".join(cell["source"])
        return notebook
    except (ValueError, KeyError, TypeError):
        raise RequestError(
            f"notebooks/{path.name} is not a notebook that can be read; open and save it in "
            "JupyterLab, or bring it back from version control."
        ) from None


def choose_notebooks(root: Path, asked: Sequence[str]) -> dict[str, Path]:
    """The asked notebooks (all when none is asked); a leading number is enough, e.g. ``10``."""
    available = list_notebooks(root)
    if not available:
        raise RequestError(
            f"No notebooks found in {root / 'notebooks'}; they are part of the project."
        )
    chosen = {}
    for name in asked:
        stem = name.removesuffix(".ipynb")
        match = [n for n in available if n == stem or n.split("_")[0] == stem]
        if not match:
            raise RequestError(f'Notebook "{name}" does not exist; {nearest(stem, available)}')
        chosen[match[0]] = available[match[0]]
    return chosen or available


def choose_regions(
    profile: Profile,
    *,
    asked: Sequence[str],
    level: str | None,
    held: Collection[str] | None = None,
) -> list[Region]:
    """The asked regions, in tree order.

    When none is asked: the root, and all regions above outlets that have data. `held` are the
    regions whose rows are kept (`regions_held`); None: taken to be all.
    """
    tree = profile.regions
    if not asked and level is None:
        large = [region for region in tree if region.level not in TOO_SMALL]
        return [r for r in large if r is tree.root or _has_data(tree.members(r.id), held)]
    wanted = {tree[region].id for region in asked}
    if level is not None:
        wanted |= {region.id for region in tree.at_level(level)}
    return [region for region in tree if region.id in wanted]


def _has_data(members: Collection[str], held: Collection[str] | None) -> bool:
    return held is None or not set(members).isdisjoint(held)


def regions_held(manifest: Mapping[str, Any]) -> set[str]:
    """Regions under which rows are kept, by the `manifest.json` of a processed folder.

    >>> regions_held({"tables": {"tickets": {"files": {"region=CN-44/part-0.parquet": "..."}}}})
    {'CN-44'}
    """
    folders = {file.split("/")[0] for t in manifest["tables"].values() for file in t["files"]}
    return {f.removeprefix("region=") for f in folders if f.startswith("region=")}


def plan_jobs(
    regions: Iterable[Region],
    notebooks: Mapping[str, Path],
    *,
    common: dict[str, Any],
    given: Mapping[str, str],
    data: Callable[[str], str],
) -> list[Job]:
    """One job per region and notebook.

    `common` holds the parameters every notebook declares (profile, as_of ...), `given` the
    ``-p`` values still to be converted, `data` the digest of a region's own tables and of the
    profile. A report compares its region with others, whose tables are not in its digest: when
    only theirs change, it is kept, and compares with what they were when it was made.
    """
    declared = declared_parameters(notebooks)
    reserved = [name for name in given if name in common or name == "region"]
    if reserved:
        raise RequestError(
            f"Give --{reserved[0].replace('_', '-')} instead of -p {reserved[0]}=..."
        )
    chosen = settle(given, notebooks=declared)
    sources = {name: path.read_bytes() for name, path in notebooks.items()}
    jobs = []
    for region in regions:
        own = data(region.id)
        for name in notebooks:
            values = common | {"region": region.id}
            values = {k: v for k, v in values.items() if k in declared[name]} | chosen[name]
            asked = {k: v for k, v in values.items() if k != "processed"}  # `data` stands for it
            key = _digest(sources[name], library_digest(), own, json.dumps(asked, sort_keys=True))
            jobs.append(Job(name, region.id, values, key))
    return jobs


def profile_digest(profile: Profile) -> str:
    """Digest of the files in `config/<profile>/`: names, targets and regions shape a report."""
    return _digest(*(f.read_bytes() for f in sorted(profile.folder.glob("*.yaml"))))


def _digest(*parts: bytes | str) -> str:
    total = hashlib.sha256()
    for part in parts:
        total.update(part if isinstance(part, bytes) else part.encode())
        total.update(b"\0")
    return total.hexdigest()


@lru_cache
def library_digest() -> str:
    """Digest of the package's own files: code, catalogues, templates."""
    package = Path(__file__).parents[2]
    files = (p for p in sorted(package.rglob("*")) if p.suffix in {".py", ".po", ".j2", ".css"})
    return _digest(*(part for p in files for part in (str(p.relative_to(package)), p.read_bytes())))
