"""The small parts of the fork engine: streams, what notebooks import."""

from __future__ import annotations

import os
import sys

import nbformat
import pytest

from aftersales.report.fork.client import joined
from aftersales.report.fork.streams import CELL, Stream
from aftersales.report.run.executor import modules_of

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks on Linux only")


@pytest.fixture
def stream(tmp_path):
    """A stream over a file descriptor of its own, and what it has published."""
    published: list[tuple[str, int]] = []
    file = tmp_path / "stdout"
    file.touch()
    fd = os.open(os.devnull, os.O_WRONLY)
    made = Stream(
        "stdout", fd, str(file), publish=lambda _, text, end: published.append((text, end))
    )
    made.cell = "1"
    yield made, fd, published
    os.close(fd)


def test_what_python_and_others_write_comes_in_the_order_in_which_it_was_written(stream):
    made, fd, published = stream

    made.write("one ")
    os.write(fd, b"two ")
    made.write("three")
    made.flush()
    made.flush()

    assert published == [("one two three", 13)]


def test_a_character_that_is_cut_in_two_is_put_together(stream):
    made, fd, published = stream
    first, second = "售".encode()[:2], "售".encode()[2:]

    os.write(fd, b"a" + first)
    made.flush()
    os.write(fd, second)
    made.flush()

    assert "".join(text for text, _ in published) == "a售"


def test_a_task_of_another_cell_writes_nowhere(stream):
    made, _, published = stream
    token = CELL.set("0")
    made.write("late")
    CELL.reset(token)
    made.write("now")
    made.flush()

    assert [text for text, _ in published] == ["now"]


def test_only_text_can_be_written(stream):
    with pytest.raises(TypeError, match="must be str"):
        stream[0].write(b"bytes")


def test_outputs_of_one_stream_are_joined_and_others_kept_apart():
    made = [nbformat.v4.new_output("stream", name=n, text=t) for n, t in
            [("stdout", "a"), ("stdout", "b"), ("stderr", "c"), ("stdout", "d")]]  # fmt: skip

    assert [(o.name, o.text) for o in joined(made)] == [
        ("stdout", "ab"), ("stderr", "c"), ("stdout", "d"),
    ]  # fmt: skip


def test_what_notebooks_import_is_found_and_magics_are_no_obstacle(project):
    source = project.write(
        "10_a", "import json\nfrom os import path", "%matplotlib inline\nimport no"
    )

    assert modules_of({source}) == ["json", "os"]
