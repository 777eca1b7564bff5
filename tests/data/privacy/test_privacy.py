"""Pseudonyms, and the key they are made with."""

from __future__ import annotations

import os
import stat

import pandas as pd
import pytest

from aftersales.data.privacy.masks import mask_text
from aftersales.data.privacy.privacy import pseudonym, read_key
from aftersales.errors import ConfigError

KEY = b"a key for these tests only"


# --- pseudonyms and their key ---------------------------------------------------------------


def test_equal_values_get_equal_pseudonyms_and_null_stays_null():
    values = pd.Series(["138 00", "１３８ 00 ", None, " ", "139"], index=[3, 4, 5, 6, 7], name="c")

    result = pseudonym(values, key=KEY)

    assert result[3] == result[4] != result[7]
    assert result.isna().tolist() == [False, False, True, True, False]
    assert (result.index.tolist(), result.name) == ([3, 4, 5, 6, 7], "c")
    assert result.dropna().str.fullmatch("[0-9a-f]{16}").all()


def test_another_key_gives_other_pseudonyms():
    values = pd.Series(["138"])
    assert pseudonym(values, key=KEY)[0] != pseudonym(values, key=KEY + b"!")[0]


def test_an_empty_column_stays_empty():
    assert pseudonym(pd.Series([], dtype="str"), key=KEY).empty
    assert mask_text(pd.Series([], dtype="str"))[0].empty


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A user without a key, working outside any project."""
    monkeypatch.delenv("AFTERSALES_KEY", raising=False)
    monkeypatch.delenv("AFTERSALES_KEY_FILE", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("APPDATA", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_key_is_made_on_first_use_with_a_notice_and_then_kept(home):
    notices: list[str] = []

    first, second = read_key(notice=notices.append), read_key(notice=notices.append)

    file = home / "config" / "aftersales" / "key"
    assert first == second
    assert len(first) == 64
    assert len(notices) == 1
    assert str(file) in notices[0]
    assert "another pseudonym" in notices[0]
    assert [f.name for f in file.parent.iterdir()] == ["key"]
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_environment_comes_before_the_file(home, monkeypatch):
    (home / "named").write_text("the key in a file that is named\n")
    (home / "named").chmod(0o600)
    monkeypatch.setenv("AFTERSALES_KEY_FILE", str(home / "named"))
    assert read_key() == b"the key in a file that is named"
    monkeypatch.setenv("AFTERSALES_KEY", "the key in the environment")
    assert read_key() == b"the key in the environment"


def test_a_key_inside_the_project_is_refused(home, monkeypatch):
    monkeypatch.setenv("AFTERSALES_KEY_FILE", str(home / "project" / "key.txt"))
    with pytest.raises(ConfigError, match="inside the project folder"):
        read_key(root=home / "project")


def test_a_key_file_that_is_named_but_missing_is_an_error_not_a_new_key(home, monkeypatch):
    monkeypatch.setenv("AFTERSALES_KEY_FILE", str(home / "typo"))
    with pytest.raises(ConfigError, match="does not exist"):
        read_key()


@pytest.mark.parametrize("content", [b"", b"short", b"\xff\xfe\x00 not text at all"])
def test_a_key_file_without_a_usable_key_is_an_error(home, monkeypatch, content):
    (home / "named").write_bytes(content)
    (home / "named").chmod(0o600)
    monkeypatch.setenv("AFTERSALES_KEY_FILE", str(home / "named"))
    with pytest.raises(ConfigError, match="key"):
        read_key()


@pytest.mark.parametrize(
    "key",
    [
        "a",
        "fifteen letters",
        "aaaaaaaaaaaaaaaa",
        "abcdabcdabcdabcdabcd",
        "password" * 3,
        "0123456789abcdefghij",
        "1111222233334444",
    ],
)
def test_a_weak_key_is_refused_with_a_way_to_a_better_one(home, monkeypatch, key):
    monkeypatch.setenv("AFTERSALES_KEY", key)
    with pytest.raises(ConfigError, match=r"could be guessed.*`openssl rand -hex 32` makes one\."):
        read_key()


@pytest.mark.skipif(os.name != "posix", reason="rights of files are POSIX's")
@pytest.mark.parametrize("mode", [0o604, 0o640, 0o666])
def test_a_key_file_that_others_can_read_is_refused(home, monkeypatch, mode):
    (home / "named").write_text("the key in a file that is named\n")
    (home / "named").chmod(mode)
    monkeypatch.setenv("AFTERSALES_KEY_FILE", str(home / "named"))
    with pytest.raises(ConfigError, match=r"read by other users.*Run `chmod 600 .*named`"):
        read_key()
