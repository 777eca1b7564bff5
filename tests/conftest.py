"""What all tests share: one seed, one hypothesis profile, and the folders of public data."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import nbformat
import numpy as np
import pytest

os.environ.setdefault("MPLBACKEND", "Agg")  # no window, on any machine

pytest_plugins = ("fixtures.company", "fixtures.causes")

ROOT = Path(__file__).resolve().parents[1]
SEED = 20240229  # any number; fixed so that a failure can be repeated

# Same examples on every run (derandomize), and no time limit: shared machines are uneven.
hypothesis.settings.register_profile("ci", deadline=None, max_examples=40, derandomize=True)
hypothesis.settings.register_profile("quick", deadline=None, max_examples=8, derandomize=True)
hypothesis.settings.register_profile("search", deadline=None, max_examples=1000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

# Fixtures that take many seconds to make, so that what uses them is slow.
DEAR = {"small_sample", "sample_raw", "sample_store", "rendered_sample", "spark"}
# Folders whose tests start processes of their own, or make a company each.
SLOW = ("tests/report/fork/", "tests/report/run/", "tests/questions/hotspot/", "tests/sample/")
WHOLE = "/test_result.py"  # tests that answer a whole question many times


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests as slow by what they use; the others that are slow say so themselves."""
    for item in items:
        chosen = getattr(item, "callspec", None)  # an engine is chosen by parameter
        used = {
            *getattr(item, "fixturenames", ()),
            *(map(str, chosen.params.values()) if chosen else ()),
        }
        whole = item.path.as_posix().endswith(WHOLE)
        if DEAR & used or whole or item.nodeid.startswith(SLOW):
            item.add_marker(pytest.mark.slow)


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
    from aftersales.command.cli import run_command

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
def sample_raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The raw files of the full sample, with `truth.json` beside them; made once."""
    from aftersales.sample.generator import write_sample

    raw = tmp_path_factory.mktemp("full") / "raw"
    write_sample(raw)
    return raw


@pytest.fixture(scope="session")
def sample_store(sample_raw: Path):
    """The store of the full sample of 60,000 tickets, cleaned once, in half a minute."""
    return cleaned_sample(sample_raw)


def cleaned_sample(raw: Path):
    """The store of a sample's raw files, cleaned into the folder beside them."""
    from aftersales.data.clean.clean import clean_profile
    from aftersales.data.store.store import open_store
    from aftersales.profile.config import read_profile

    profile, processed = read_profile("sample", root=ROOT), raw.parent / "processed"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AFTERSALES_KEY", "a key for tests, as long as it needs to be")
        clean_profile(profile, raw=raw, processed=processed)
    return open_store(profile, processed=processed)


@pytest.fixture(scope="session")
def rendered_sample(small_sample: SmallSample) -> SmallSample:
    """Its reports in English: all five for one region, and one for its parent and a sibling."""
    from aftersales.command.cli import run_command

    where = ["--processed", str(small_sample.processed), "--out", str(small_sample.out)]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        for asked in (
            ["--region", "CN-S"],
            ["--region", "CN", "--region", "CN-SW", "--notebook", "40_customer_segment"],
        ):
            assert run_command(["render", *where, "--language", "en", *asked]) == 0
    return small_sample


class Acme:
    """A project with a profile of one table and a notebook, in which the command is run."""

    config = "config/acme/sources.yaml"
    rows = [f"T{n},2025-{n % 12 + 1:02d}-0{n % 9 + 1},North" for n in range(60)]  # noqa: RUF012
    csv = "\n".join(["id,opened,region", *rows]) + "\n"
    sources = """\
title: {en: Acme}
tables:
  tickets:
    files: ["tickets.csv*"]
    columns: {ticket_id: id, opened_at: opened, region: region}
"""
    regions = """\
id: all
level: country
children:
  - {id: north, level: province, name: {en: North}}
"""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root, self._capsys = root, capsys
        self.raw, self.processed = root / "data/raw/acme", root / "data/processed/acme"
        for folder in ("config/acme", "data/raw/acme", "notebooks"):
            (root / folder).mkdir(parents=True)
        self.write("pyproject.toml", "")
        self.write(self.config, self.sources)
        self.write("config/acme/regions.yaml", self.regions)
        self.write("data/raw/acme/tickets.csv", self.csv)
        parameters = 'region: str = ""  # a region\nmonths: int = 12  # length of the window'
        cell = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), root / "notebooks/10_trend.ipynb")

    def write(self, name: str, content: str | bytes) -> None:
        data = content if isinstance(content, bytes) else content.encode()
        (self.root / name).write_bytes(data)

    def change(self, old: str, new: str) -> None:
        """Change the profile's `sources.yaml`."""
        assert old in self.sources
        self.write(self.config, self.sources.replace(old, new))

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Exit status, output and errors of a command."""
        from aftersales.command.cli import run_command

        status = run_command([*arguments, "--profile", "acme"])
        said = self._capsys.readouterr()
        return status, said.out, said.err

    def refused(self, *arguments: str) -> str:
        """The sentence with which a command is refused."""
        status, out, error = self.run(*arguments)
        assert status == 2, out + error
        assert error.startswith("error: ")
        assert error.count("\n") == 1
        assert "Traceback" not in out + error
        return error.removeprefix("error: ").rstrip("\n").replace(f"{self.root}/", "")


@pytest.fixture
def acme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Acme:
    monkeypatch.setenv("AFTERSALES_KEY", "a key for tests, as long as it needs to be")
    monkeypatch.chdir(tmp_path)
    return Acme(tmp_path, capsys)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Every test starts and ends with English words, whichever language the last one used."""
    from aftersales import words

    words.use_language("en")
    yield
    words.use_language("en")
