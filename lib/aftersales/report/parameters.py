"""The parameters that a notebook declares, and the values a request gives them."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aftersales.errors import RequestError, nearest

_TRUE, _FALSE = {"true", "yes", "1"}, {"false", "no", "0"}


@dataclass(frozen=True)
class Parameter:
    """One line ``name: type = default  # meaning`` of a notebook's parameter cell."""

    name: str
    type: str
    default: Any
    meaning: str = ""


def read_parameters(notebook: Mapping) -> dict[str, Parameter]:
    """The parameters of a parsed notebook, by name; empty if no cell is tagged `parameters`."""
    for cell in notebook["cells"]:
        if "parameters" in cell.get("metadata", {}).get("tags", ()):
            source = cell["source"]
            return _declared(source if isinstance(source, str) else "".join(source))
    return {}


def _declared(source: str) -> dict[str, Parameter]:
    comments = {
        token.start[0]: token.string.lstrip("# ").strip()
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    return {
        node.target.id: Parameter(
            node.target.id,
            ast.unparse(node.annotation),
            ast.literal_eval(node.value),
            comments.get(node.lineno, ""),
        )
        for node in ast.parse(source).body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }


def convert(parameter: Parameter, text: str, *, notebook: str) -> Any:
    """The value that `text` from the command line means for the parameter's declared type.

    >>> convert(Parameter("months", "int", 12), "24", notebook="10_trend")
    24
    """
    try:
        return _CONVERTERS[parameter.type](text)
    except (KeyError, ValueError):
        raise RequestError(
            f'Parameter "{parameter.name}" of notebook {notebook} is {parameter.type} '
            f'({parameter.meaning or "no meaning given"}); found "{text}". '
            f"Give a value of that type, e.g. -p {parameter.name}={parameter.default}."
        ) from None


def _bool(text: str) -> bool:
    if text.casefold() not in _TRUE | _FALSE:
        raise ValueError(text)
    return text.casefold() in _TRUE


_CONVERTERS = {
    "str": str,
    "int": int,
    "float": float,
    "bool": _bool,
    "list[str]": lambda text: [part.strip() for part in text.split(",") if part.strip()],
}


def settle(
    given: Mapping[str, str], *, notebooks: Mapping[str, Mapping[str, Parameter]]
) -> dict[str, dict[str, Any]]:
    """The given ``name=value`` pairs, converted, for each notebook that declares the name.

    A name that none of the notebooks declares is an error; papermill would accept it silently.
    """
    known = sorted({name for declared in notebooks.values() for name in declared})
    for name in given:
        if name not in known:
            raise RequestError(
                f'Parameter "{name}" is not declared by {", ".join(notebooks)}; '
                f"{nearest(name, known)} `aftersales list parameters` shows all of them."
            )
    return {
        notebook: {
            name: convert(declared[name], text, notebook=notebook)
            for name, text in given.items()
            if name in declared
        }
        for notebook, declared in notebooks.items()
    }
