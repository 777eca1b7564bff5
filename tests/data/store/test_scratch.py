"""Temporary folders of killed processes do not stay."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile

import pytest

from aftersales.data.store import scratch

KILLED = """
import tempfile, time
from aftersales.data.store import scratch
print(tempfile.mkdtemp(prefix=scratch.prefix()), flush=True)
time.sleep(60)
"""


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    scratch._remove_left_over.cache_clear()
    yield tmp_path
    scratch._remove_left_over.cache_clear()


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_has_stays(temporary):
    living, killed = (
        subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    )
    folders = [child.stdout.readline().strip() for child in (living, killed)]
    (temporary / "aftersales-notes-1-x").mkdir()
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    own = tempfile.mkdtemp(prefix=scratch.prefix())
    left = {str(temporary / name) for name in os.listdir(temporary)}
    living.kill()
    living.wait()
    assert left == {folders[0], own, str(temporary / "aftersales-notes-1-x")}
