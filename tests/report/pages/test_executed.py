"""What is kept of an executed notebook: no path, no time, no random id."""

from __future__ import annotations

from pathlib import Path

import nbformat

from aftersales.report.pages import executed


def ran(notebook):
    """The notebook as papermill leaves it after its second code cell failed."""
    done = notebook("print(1)", "1 / 0", "print(3)")
    code = [c for c in done.cells if c.cell_type == "code"]
    code[0].metadata.tags = ["parameters"]
    injected = nbformat.v4.new_code_cell(
        '# Parameters\nprocessed = "/srv/data/acme"', metadata={"tags": ["injected-parameters"]}
    )
    done.cells.insert(2, injected)
    for n, cell in enumerate([code[0], injected, *code[1:3]], 1):
        cell.execution_count = n
        cell.metadata.papermill = {"start_time": "2025-01-01T00:00:00", "duration": 1}
    code[1].outputs = [nbformat.v4.new_output("stream", name="stderr", text="/srv/lib/a.py:3: odd")]
    trace = ["File /srv/lib/a.py", "ZeroDivisionError"]
    code[2].outputs = [
        nbformat.v4.new_output("error", ename="Z", evalue="in /srv/lib/a.py", traceback=trace)
    ]
    banner = nbformat.v4.new_markdown_cell("!", metadata={"tags": ["papermill-error-cell-tag"]})
    done.cells.insert(0, banner)
    done.metadata.papermill = {"input_path": "/srv/in.ipynb", "start_time": "2025-01-01"}
    return done


def test_paths_times_and_random_ids_go(notebook):
    places = {"/srv/data/acme": "acme", "/srv/": ""}

    text = nbformat.writes(executed.keep(ran(notebook), places=places))

    assert "/srv" not in text
    assert "2025-01-01" not in text
    assert "papermill" not in text
    assert 'processed = \\"acme\\"' in text
    assert text == nbformat.writes(executed.keep(ran(notebook), places=places))


def test_the_input_is_unchanged(notebook):
    given = ran(notebook)
    before = nbformat.writes(given)

    executed.keep(given, places={"/srv/": ""})
    executed.until_failure(given)

    assert nbformat.writes(given) == before


def test_shown_results_keep_their_text(notebook):
    given = notebook("1")
    data = {"text/html": "<p>/srv/is a word here</p>"}
    given.cells[-1].outputs = [nbformat.v4.new_output("display_data", data=data)]

    kept = executed.keep(given, places={"/srv/": ""})

    assert kept.cells[-1].outputs[0].data == data


def test_the_cells_that_started_are_counted(notebook):
    assert executed.reached(ran(notebook)) == 4
    assert executed.reached(notebook("1")) == 0


def test_what_did_not_run_is_not_shown(notebook):
    shown = executed.until_failure(executed.keep(ran(notebook), places={}))

    assert [c.source for c in shown.cells if c.cell_type == "code"][-1] == "1 / 0"
    assert "Question 3" not in str(shown.cells)


def test_of_a_notebook_that_never_ran_the_title_is_shown(notebook):
    shown = executed.until_failure(notebook("1"))

    assert [c.source.splitlines()[0] for c in shown.cells] == ["# What is it?"]


def test_longer_paths_are_replaced_before_the_folders_they_are_in():
    places = executed.machine_places(root=Path("/srv/p"), processed=Path("/srv/p/data/x"))

    assert executed.without_places("in /srv/p/data/x and /srv/p/lib/a.py", places) == (
        "in x and lib/a.py"
    )
