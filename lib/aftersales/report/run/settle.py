"""What came of a task, whatever answer its process gave, or did not give."""

from __future__ import annotations

from aftersales.report.plan.task import Outcome, Task
from aftersales.report.run.pool import Killed


def outcome_of(task: Task, answer: Outcome | Exception | Killed) -> Outcome:
    """The outcome of a task; that of a killed process is a page with what it had done.

    Raises
    ------
    Exception
        The one that the task ended with: no further task could be done either.
    """
    if isinstance(answer, Outcome):
        return answer
    if isinstance(answer, Exception):
        raise answer
    from aftersales.report.run.engine import finish
    from aftersales.report.run.execution import killed, left_behind

    for left in task.out.glob(f".{task.job.notebook}.*-*"):  # half a file of the killed process
        left.unlink(missing_ok=True)
    return finish(task, left_behind(task), error=killed(answer.signal))
