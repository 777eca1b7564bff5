"""Writes environment.yml (conda-forge) from the dependencies in pyproject.toml.

python tools/environment.py
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FIRST = ["jupyterlab", "pandas", "seaborn", "statsmodels", "papermill", "nbval"]
HEAD = """\
# Made by tools/environment.py from pyproject.toml: change that, then run `make lock`.
name: {name}
channels:
  - conda-forge
dependencies:
"""


def environment(pyproject: str) -> str:
    """The text of environment.yml: the workbench first, then what the package needs besides.

    >>> print(environment('''
    ... [project]
    ... name = "x"
    ... requires-python = ">=3.11"
    ... dependencies = ["scipy>=1.14", "pandas>=3.0", "duckdb>=1.3"]
    ... [tool.x.conda]
    ... duckdb = "python-duckdb"
    ... '''))
    # Made by tools/environment.py from pyproject.toml: change that, then run `make lock`.
    name: x
    channels:
      - conda-forge
    dependencies:
      - python>=3.11
      - pandas>=3.0
      - scipy>=1.14
      - python-duckdb>=1.3
      - pip
      - pip:
          - -e .
    <BLANKLINE>
    """
    content = tomllib.loads(pyproject)
    project = content["project"]
    renamed = content.get("tool", {}).get(project["name"], {}).get("conda", {})
    specs = dict(_name_and_bounds(line) for line in project["dependencies"])
    order = [name for name in FIRST if name in specs] + [n for n in specs if n not in FIRST]
    lines = [f"python{project['requires-python']}"]
    lines += [f"{renamed.get(name, name)}{specs[name]}" for name in order]
    lines += ["pip", "pip:"]
    return (
        HEAD.format(name=project["name"])
        + "".join(f"  - {line}\n" for line in lines)
        + "      - -e .\n"  # in place; the packages above are all it needs, so pip adds none
    )


def _name_and_bounds(requirement: str) -> tuple[str, str]:
    match = re.fullmatch(r"([A-Za-z0-9._-]+)\s*([<>=!~][^;\[\]]*)", requirement)
    if not match:
        raise SystemExit(
            f'pyproject.toml: "{requirement}" has no plain name and bounds; '
            "write it as name>=version."
        )
    return match[1], match[2].replace(" ", "")


if __name__ == "__main__":
    text = environment((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (ROOT / "environment.yml").write_text(text, encoding="utf-8")
