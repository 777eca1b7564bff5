"""Processed tables that lie elsewhere: found by a URI, brought near once, checked."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from aftersales.data.store.folder import LOG_PARTS, REJECTED
from aftersales.data.store.manifest import CLEANING_LOG, MANIFEST, sha256
from aftersales.errors import DataError, RequestError


def bring(uri: str, *, into: Path) -> Path:
    """The folder of processed tables that `uri` names, on this machine.

    Parameters
    ----------
    uri : any URI that fsspec reads, or a path. A folder that this machine can open as a path is
        used where it is; from anywhere else the files are copied.
    into : folder for copies; one that is there already is used again

    Raises
    ------
    DataError
        There are no processed tables there, they cannot be read, or a file came damaged.
    RequestError
        The package fsspec, or one that this kind of URI needs, is not installed.
    """
    system, path = _opened(uri)
    try:
        manifest = json.loads(system.cat_file(f"{path}/{MANIFEST}"))
    except (OSError, ValueError) as error:
        raise DataError(
            f"There are no processed tables at {uri} ({error}); name the folder that holds "
            f"{MANIFEST}, in a way that every worker can read it."
        ) from None
    if _is_here(system):
        return Path(path)
    content = json.dumps(manifest, sort_keys=True).encode()
    target = into / f"tables-{hashlib.sha256(content).hexdigest()[:16]}"
    if not target.is_dir():
        _copy(system, path, manifest=manifest, target=target, uri=uri)
    return target


def _opened(uri: str) -> tuple[Any, str]:
    """The file system of a URI, and the path in it."""
    try:
        import fsspec

        return fsspec.core.url_to_fs(uri)
    except ImportError as error:
        raise RequestError(
            f"{uri} cannot be read: {error}. Install the extra with "
            '`pip install "aftersales[cluster]"`, and the package that this kind of URI needs.'
        ) from None
    except ValueError as error:
        raise RequestError(f"{uri} is not a URI that can be read: {error}.") from None


def _is_here(system: Any) -> bool:
    protocol = system.protocol
    return "file" in ((protocol,) if isinstance(protocol, str) else protocol)


def _copy(system: Any, path: str, *, manifest: dict, target: Path, uri: str) -> None:
    """Copy tables and papers beside `target`, check them, and give them its name."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    counts = manifest["tables"]
    tables = {f"{t}/{f}": was for t in counts for f, was in counts[t]["files"].items()}
    papers = [MANIFEST, CLEANING_LOG, LOG_PARTS, *(f"{REJECTED}/{t}.parquet" for t in counts)]
    try:
        for file in (*tables, *papers):
            (draft / file).parent.mkdir(parents=True, exist_ok=True)
            system.get_file(f"{path}/{file}", str(draft / file))
        damaged = [file for file, was in tables.items() if sha256(draft / file) != was]
        if damaged:
            raise DataError(f"{uri}/{damaged[0]} is not what its {MANIFEST} says; copy it again.")
        if not target.is_dir():
            os.replace(draft, target)
    except OSError as error:
        if not target.is_dir():  # else another process was faster
            raise DataError(f"The tables at {uri} cannot be copied: {error}.") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
