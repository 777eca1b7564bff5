"""Run the cells of a notebook in a forked process and gather their outputs."""

from __future__ import annotations

import time
from contextlib import closing, suppress
from typing import Any

from jupyter_client.session import Session
from nbclient.client import timestamp
from nbclient.exceptions import (
    CellExecutionComplete,
    CellExecutionError,
    CellTimeoutError,
    DeadKernelError,
)
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient

from aftersales.report.fork.child import Child
from aftersales.report.fork.limits import Limits, memory_used

_MESSAGES = Session(key=b"-")
_WATCH_S = 0.1  # how often a notebook's time and memory are looked at


class OutOfTime(CellTimeoutError):
    """The notebook took longer than it may; it was interrupted, or killed if that did not help."""


class OutOfMemory(DeadKernelError):
    """The notebook's process used more memory than it may and was killed."""


class Died(DeadKernelError):
    """The notebook's process ended by itself or was ended from outside."""

    def __init__(self, exit_code: int | None) -> None:
        super().__init__(f"The notebook's process ended with exit code {exit_code}.")
        self.exit_code = exit_code


class ForkClient(PapermillNotebookClient):
    """As papermill's client, with a forked process in the place of a kernel.

    What a message does to the notebook is nbclient's own code, so it is the same for both.
    """

    def __init__(self, nb_man: Any, *, limits: Limits, **options: Any) -> None:
        super().__init__(nb_man, **options)
        self._limits = limits

    def execute(self, **_: Any) -> NotebookNode:
        """Run all cells. What they have put out is in the notebook, however it ends."""
        self.reset_execution_trackers()
        with closing(Child()) as self._child:
            self._wait_until_ready()
            self._end = time.monotonic() + self._limits.seconds
            self._read = dict.fromkeys(self._child.files, 0)
            self.papermill_execute_cells()
            self._child.leave()
        self.nb.metadata["language_info"] = language_info()
        return self.nb

    def _wait_until_ready(self) -> None:
        try:
            ready = self._child.answer(within=self.startup_timeout)
        except EOFError:
            raise Died(self._child.exit_code()) from None
        if ready is None:
            raise Died(None)

    def execute_cell(self, cell: NotebookNode, cell_index: int, **_: Any) -> NotebookNode:
        """Run one cell; an error that the cell is not allowed ends the notebook."""
        tags = cell.metadata.get("tags", [])
        if cell.cell_type != "code" or not cell.source.strip():
            return cell
        if self.skip_cells_with_tag in tags:
            return cell
        cell.metadata["execution"], cell.outputs = {}, []
        self.clear_before_next_output = False
        self.code_cells_executed += 1
        self._child.ask(str(cell_index), cell.source)
        try:
            reply = self._listen(cell, cell_index)
        except EOFError:
            self._salvage(cell, cell_index)
            raise Died(self._child.exit_code()) from None
        finally:
            cell.outputs = joined(cell.outputs)
        allowed = self.allow_errors or "raises-exception" in tags
        allowed = allowed or reply.get("ename") in self.allow_error_names
        if reply["status"] == "error" and (self.force_raise_errors or not allowed):
            raise CellExecutionError.from_cell_and_msg(cell, reply)
        return cell

    def _listen(self, cell: NotebookNode, index: int) -> dict[str, Any]:
        """Take messages until the cell is done; its reply."""
        end, late = self._deadline(cell), False
        while True:
            message = self._child.answer(within=_WATCH_S)
            if message and message["msg_type"] == "execute_reply":
                cell.metadata["execution"]["shell.execute_reply"] = timestamp(message)
                if late:
                    raise OutOfTime
                return message["content"]
            if message:
                self._take(message, cell, index)
            self._watch_memory(cell, index)
            if time.monotonic() > end:
                if late:
                    self._kill(cell, index, OutOfTime())
                late, end = True, time.monotonic() + self._limits.grace
                self._child.interrupt()

    def _deadline(self, cell: NotebookNode) -> float:
        """When the cell has to be done: the notebook's end, or before if cells have a limit."""
        of_cell = self._get_timeout(cell)
        return min(self._end, time.monotonic() + of_cell) if of_cell else self._end

    def _take(self, message: dict[str, Any], cell: NotebookNode, index: int) -> None:
        if message["msg_type"] == "stream":
            self._read[message["content"]["name"]] = message["metadata"]["end"]
        if message["parent_header"].get("msg_id") != str(index):
            return  # of a task that an earlier cell has left running
        with suppress(CellExecutionComplete):  # it is idle; the reply follows
            self.process_message(message, cell, index)

    def _watch_memory(self, cell: NotebookNode, index: int) -> None:
        if self._limits.memory and memory_used(self._child.pid) > self._limits.memory:
            self._kill(cell, index, OutOfMemory("The notebook used more memory than it may."))

    def _kill(self, cell: NotebookNode, index: int, reason: Exception) -> None:
        self._child.kill()
        with suppress(EOFError):
            while message := self._child.answer(within=0):
                self._take(message, cell, index)
        self._salvage(cell, index)
        raise reason

    def _salvage(self, cell: NotebookNode, index: int) -> None:
        """What a process that was killed had written but not yet sent."""
        for name, file in self._child.files.items():
            text = file.read_bytes()[self._read[name] :].decode("utf-8", "replace")
            if text:
                message = _MESSAGES.msg("stream", {"name": name, "text": text})
                self.process_message(message, cell, index)


def joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Neighbouring outputs of the same stream as one; how they were cut is a matter of timing."""
    kept: list[NotebookNode] = []
    for output in outputs:
        last = kept[-1] if kept else None
        if output.output_type == "stream" and last and last.get("name") == output.name:
            last.text += output.text
        else:
            kept.append(output)
    return kept


def language_info() -> dict[str, Any]:
    """What a Python kernel says about its language."""
    from ipykernel.ipkernel import IPythonKernel

    return dict(IPythonKernel.language_info)
