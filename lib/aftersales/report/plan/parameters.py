"""The parameters that a notebook declares, and the values a request gives them."""

from __future__ import annotations

import ast
import io
import math
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


def read_parameters(notebook: Mapping, *, name: str = "notebook") -> dict[str, Parameter]:
    """The parameters of a parsed notebook, by name; empty if no cell is tagged `parameters`."""
    for cell in notebook["cells"]:
        if "parameters" in cell.get("metadata", {}).get("tags", ()):
            source = cell["source"]
            try:
                return _declared(source if isinstance(source, str) else "".join(source))
            except (SyntaxError, ValueError, tokenize.TokenError) as error:
                raise RequestError(
                    f"The parameter cell of notebook {name} cannot be read ({error}); write lines "
                    "like `months: int = 12  # meaning`, with literal values."
                ) from None
    return {}


def _declared(source: str) -> dict[str, Parameter]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = {
        token.start[0]: token.string.lstrip("# ").strip()
        for token in tokens
        if token.type == tokenize.COMMENT
    }
    lines = [n for n in ast.parse(source).body if isinstance(n, ast.AnnAssign) and n.value]
    return {
        line.target.id: Parameter(
            line.target.id,
            ast.unparse(line.annotation),
            ast.literal_eval(line.value),
            comments.get(line.lineno, ""),
        )
        for line in lines
        if isinstance(line.target, ast.Name)
    }


def convert(parameter: Parameter, text: str, *, notebook: str) -> Any:
    """The value that `text` from the command line means for the parameter's declared type.

    >>> convert(Parameter("months", "int", 12), "24", notebook="10_trend")
    24
    """
    if parameter.type not in _CONVERTERS:
        raise RequestError(
            f'Parameter "{parameter.name}" of notebook {notebook} has type {parameter.type}, which '
            f"the command line cannot give; set it in the notebook. {nearest('', _CONVERTERS)}"
        )
    try:
        return _CONVERTERS[parameter.type](text)
    except ValueError:
        raise RequestError(
            f'Parameter "{parameter.name}" of notebook {notebook} is {parameter.type} '
            f'({parameter.meaning or "no meaning given"}); found "{text}". '
            f"Give a value of that type, e.g. -p {parameter.name}={_example(parameter)}."
        ) from None


def _example(parameter: Parameter) -> str:
    if isinstance(parameter.default, list):
        return ",".join(map(str, parameter.default))
    return str(parameter.default)


def _bool(text: str) -> bool:
    if text.casefold() not in _TRUE | _FALSE:
        raise ValueError(text)
    return text.casefold() in _TRUE


def _float(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(text)
    return number


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


_CONVERTERS = {"str": str, "int": int, "float": _float, "bool": _bool, "list[str]": _list}


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
