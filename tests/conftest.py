"""What all tests share: one seed, one hypothesis profile, and the folders of public data."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import numpy as np
import pytest

os.environ.setdefault("MPLBACKEND", "Agg")  # no window, on any machine

ROOT = Path(__file__).resolve().parents[1]
SEED = 20240229  # any number; fixed so that a failure can be repeated

# Same examples on every run (derandomize), and no time limit: shared machines are uneven.
hypothesis.settings.register_profile("ci", deadline=None, max_examples=40, derandomize=True)
hypothesis.settings.register_profile("search", deadline=None, max_examples=1000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(scope="session")
def root() -> Path:
    """The project folder."""
    return ROOT


@pytest.fixture
def rng() -> np.random.Generator:
    """A random generator that starts afresh, from the same seed, in every test."""
    return np.random.default_rng(SEED)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real public data sets; tests that need it skip where it is absent."""
    return _shared("data")


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of tables with the numbers that established packages give."""
    return _shared("reference")


def _shared(part: str) -> Path:
    home = Path(os.environ.get("AFTERSALES_SHARED") or ROOT.parent / "shared")
    if not (home / part).is_dir():
        pytest.skip(
            f"no public {part} here: set AFTERSALES_SHARED to the folder that holds {part}/"
        )
    return home / part


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Every test starts and ends with English words, whichever language the last one used."""
    from aftersales import words

    words.use_language("en")
    yield
    words.use_language("en")
