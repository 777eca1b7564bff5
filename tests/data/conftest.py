"""A company in an empty folder, for tests that clean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml

from aftersales.data.clean.clean import clean_profile
from aftersales.data.store.store import Store, open_store
from aftersales.profile.config import Profile, read_profile

REGIONS = {
    "id": "CN",
    "level": "country",
    "children": [
        {
            "id": "CN-S",
            "level": "macro",
            "children": [
                {"id": "CN-44", "level": "province", "name": {"zh": "广东", "en": "Guangdong"}},
                {"id": "CN-45", "level": "province", "name": {"zh": "广西", "en": "Guangxi"}},
            ],
        },
        {"id": "CN-N", "level": "macro"},
    ],
}


class Company:
    """A profile ``acme`` below `root`, with its raw files in ``raw/``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.raw = root / "raw"
        self.processed = root / "processed" / "acme"
        self.raw.mkdir()
        (root / "config" / "acme").mkdir(parents=True)

    def profile(self, tables: Mapping, **more: object) -> Profile:
        """The profile with these tables; `more` are other keys of `sources.yaml`."""
        sources = {"timezone": "Asia/Shanghai", "tables": tables, **more}
        folder = self.root / "config" / "acme"
        for name, content in (("sources", sources), ("regions", REGIONS)):
            text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
            (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        return read_profile("acme", root=self.root)

    def write(self, name: str, text: str) -> None:
        (self.raw / name).write_text(text, encoding="utf-8")

    def clean(self, tables: Mapping, **more: object) -> Store:
        """The store that cleaning these tables gives."""
        profile = self.profile(tables, **more)
        clean_profile(profile, raw=self.raw, processed=self.processed)
        return open_store(profile, processed=self.processed)

    def clean_tickets(self, csv: str, mapping: Mapping | None = None, **more: object) -> Store:
        """The store of one table of tickets, ``id`` and ``opened`` mapped unless said otherwise."""
        self.write("tickets.csv", csv)
        columns = {"ticket_id": "id", "opened_at": "opened"}
        block = {"files": ["tickets.csv"], "columns": columns}
        given = dict(mapping or {})
        block["columns"] = columns | given.pop("columns", {})
        return self.clean({"tickets": block | given}, **more)


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Company:
    monkeypatch.setenv("AFTERSALES_KEY", "a key for tests, as long as it needs to be")
    return Company(tmp_path)


@pytest.fixture
def reasons() -> Callable[..., list[str]]:
    """The sentences a step of the cleaning log says."""

    def of(store: Store, step: str, table: str = "tickets") -> list[str]:
        log = store.cleaning_log()
        return log.loc[(log["table"] == table) & (log["step"] == step), "reason"].tolist()

    return of
