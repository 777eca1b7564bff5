"""The papermill engine: `papermill --engine aftersales-fork in.ipynb out.ipynb`."""

from __future__ import annotations

from typing import Any

import nbformat
from papermill.engines import Engine, NBClientEngine
from papermill.exceptions import PapermillException
from papermill.log import logger

from aftersales.report.fork import safety
from aftersales.report.fork.limits import NOTEBOOK_S, Limits

NAME = "aftersales-fork"


class ForkEngine(Engine):
    """Runs the cells in a forked process instead of a kernel; papermill does all the rest.

    Where processes cannot be forked, papermill's own engine runs the notebook, and says why.
    """

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        log_output: bool = False,
        stdout_file: Any = None,
        stderr_file: Any = None,
        execution_timeout: float | None = None,
        limits: Limits | None = None,
        keep: list[nbformat.NotebookNode] | None = None,
        **options: Any,
    ) -> None:
        """Run the notebook of `nb_man`.

        Parameters
        ----------
        execution_timeout : seconds a cell may take
        limits : what the notebook may take as a whole
        keep : gets the notebook as far as it ran, whatever happens
        """
        if keep is not None:
            keep.append(nb_man.nb)
        shown = {"log_output": log_output, "stdout_file": stdout_file, "stderr_file": stderr_file}
        if not safety.supported():
            logger.warning(f"Engine {NAME} is not used: {safety.why_not_fork()}.")
            NBClientEngine.execute_managed_notebook(
                nb_man, kernel_name, execution_timeout=execution_timeout, **shown, **options
            )
            return
        _check_language(nb_man.nb)
        from aftersales.report.fork.client import ForkClient

        limits = limits or Limits(seconds=NOTEBOOK_S)
        timeout = {"timeout": execution_timeout} if execution_timeout else {}
        ForkClient(nb_man, limits=limits, log=logger, **shown, **timeout).execute()


def _check_language(notebook: nbformat.NotebookNode) -> None:
    spec = notebook.metadata.get("kernelspec", {})
    language = spec.get("language", "python")
    if language.lower() != "python":
        raise PapermillException(
            f"Engine {NAME} runs Python only; this notebook is in {language}. "
            "Run it with papermill's own engine."
        )
