"""What all tests share: one seed, one hypothesis profile, and the folders of public data."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True)
class SmallSample:
    """The sample company with few tickets, and the reports that are made of it."""

    raw: Path
    processed: Path
    out: Path  # the report folder

    @property
    def pages(self) -> Path:
        return self.out / "2025-12"


@pytest.fixture(scope="session")
def small_sample(tmp_path_factory: pytest.TempPathFactory) -> SmallSample:
    """The sample of 4,000 tickets, cleaned; made once, in seconds."""
    from aftersales.cli import run_command

    home = tmp_path_factory.mktemp("sample")
    sample = SmallSample(home / "raw", home / "processed", home / "reports")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AFTERSALES_KEY", "a key for tests, as long as it needs to be")
        patch.chdir(ROOT)
        assert run_command(["sample", "--raw", str(sample.raw), "--tickets", "4000"]) == 0
        where = ["--raw", str(sample.raw), "--processed", str(sample.processed)]
        assert run_command(["clean", *where]) == 0
    return sample


@pytest.fixture(scope="session")
def rendered_sample(small_sample: SmallSample) -> SmallSample:
    """Its reports in English: all five for one region, and one for its parent and a sibling."""
    from aftersales.cli import run_command

    where = ["--processed", str(small_sample.processed), "--out", str(small_sample.out)]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        for asked in (
            ["--region", "CN-S"],
            ["--region", "CN", "--region", "CN-SW", "--notebook", "40_customer_segment"],
        ):
            assert run_command(["render", *where, "--language", "en", *asked]) == 0
    return small_sample


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Every test starts and ends with English words, whichever language the last one used."""
    from aftersales import words

    words.use_language("en")
    yield
    words.use_language("en")
