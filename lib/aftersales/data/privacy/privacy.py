"""Personal data stop here: keyed pseudonyms for keys, masks for free text."""

from __future__ import annotations

import hmac
import os
import secrets
import stat
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from math import log2
from pathlib import Path

import pandas as pd

from aftersales.data.privacy.masks import KINDS, mask_text
from aftersales.errors import ConfigError, RequestError
from aftersales.profile.config import find_root
from aftersales.words import say

__all__ = ["KINDS", "mask_text", "pseudonym", "read_key"]

KEY_VARIABLE = "AFTERSALES_KEY"
KEY_FILE_VARIABLE = "AFTERSALES_KEY_FILE"
SHORTEST_KEY = 16  # bytes; a shorter key can be guessed by trying
LEAST_SURPRISE = 40.0  # bits; words and digits have 2.5 to 4 a character
PSEUDONYM_LENGTH = 16  # hex digits = 64 bits: two of 100 million customers collide once in 3,700
_MAKE_ONE = "`openssl rand -hex 32` makes one."


def pseudonym(values: pd.Series, *, key: bytes) -> pd.Series:
    """A keyed pseudonym for every value: 16 hexadecimal digits.

    Equal values get equal pseudonyms, so tables still join; without the key nobody can tell
    which value stands behind one, or try values until one fits. Spellings that differ only in
    width (full-width digits) or in blanks around them are the same value.

    Parameters
    ----------
    values : Series of text
        Null and blank values stay null.
    key : bytes
        From `read_key`. Another key gives other pseudonyms throughout.

    Returns
    -------
    Series of text with the index and name of `values`: the first 64 bits of HMAC-SHA256
    (RFC 2104, FIPS 180-4) of the value.

    Examples
    --------
    >>> pseudonym(pd.Series(["138", " １３８ ", None]), key=b"an example of a key").tolist()
    ['acf395780d819b94', 'acf395780d819b94', nan]
    """
    text = values.astype("str")
    names = {value: _pseudonym(value, key) for value in text.dropna().unique()}
    return text.map(names).astype("str")


def _pseudonym(value: str, key: bytes) -> str | None:
    plain = unicodedata.normalize("NFKC", value).strip()
    if not plain:
        return None
    return hmac.digest(key, plain.encode(), "sha256").hex()[:PSEUDONYM_LENGTH]


def read_key(*, notice: Callable[[str], object] = print, root: Path | None = None) -> bytes:
    """The key of the pseudonyms, made on first use.

    It comes from the environment variable ``AFTERSALES_KEY``, else from the file that
    ``AFTERSALES_KEY_FILE`` names, else from ``aftersales/key`` in the user's configuration
    folder, which is written on first use, readable by its owner only.

    Parameters
    ----------
    notice : callable
        Gets one sentence when a key is made: where it lies and what its loss means.
    root : Path, optional
        The project folder; a key file inside it is refused, as it would be shared with the
        code. Default: the project around the working folder, if there is one.

    Raises
    ------
    ConfigError
        The key is weak, or its file is missing, unreadable, open to others or inside the project.
    """
    if text := os.environ.get(KEY_VARIABLE, "").strip():
        return _strong(text, where=f"the environment variable {KEY_VARIABLE}")
    named = os.environ.get(KEY_FILE_VARIABLE, "").strip()
    path = Path(named).expanduser() if named else _user_config() / "aftersales" / "key"
    _refuse_inside(path, root=root or _project())
    if not path.is_file():
        if named:
            raise ConfigError(
                f"{KEY_FILE_VARIABLE} names {path}, which does not exist. Put the key there, or "
                f"unset {KEY_FILE_VARIABLE} to let a key be made in your configuration folder."
            )
        _make_key(path, notice=notice)
    _refuse_open(path)
    return _strong(_read(path), where=f"the key file {path}")


def _user_config() -> Path:
    if sys.platform == "win32" and os.environ.get("APPDATA"):
        return Path(os.environ["APPDATA"])
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")


def _project() -> Path | None:
    try:
        return find_root()
    except RequestError:
        return None


def _refuse_inside(path: Path, *, root: Path | None) -> None:
    if root is not None and path.resolve().is_relative_to(root.resolve()):
        raise ConfigError(
            f"The key file {path} lies inside the project folder {root}, where it would be shared "
            f"with the code. Move it elsewhere and name it in {KEY_FILE_VARIABLE}."
        )


def _make_key(path: Path, *, notice: Callable[[str], object]) -> None:
    """Write a new key at once or not at all; a key that another process just made stays."""
    draft = path.with_name(f".key-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_hex(32) + "\n")
        made = _place(draft, path)
    except OSError as error:
        raise ConfigError(
            f"No key could be written to {path} ({error.strerror}). Set {KEY_VARIABLE} to a secret "
            f"of {SHORTEST_KEY} or more characters instead."
        ) from None
    finally:
        draft.unlink(missing_ok=True)
    if made:
        notice(
            say(
                "A key for pseudonyms was made in {path}. Keep a copy: without it, the next "
                "cleaning gives every customer another pseudonym.",
                path=path,
            )
        )


def _place(draft: Path, path: Path) -> bool:
    """Give the draft its name unless the name is taken; whether it was given."""
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        if path.exists():
            return False
        os.replace(draft, path)
    return True


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise ConfigError(
            f"The key file {path} cannot be read ({reason}). Mend it, or name another one in "
            f"{KEY_FILE_VARIABLE}."
        ) from None


def _strong(text: str, *, where: str) -> bytes:
    """The key as bytes, or an error if it could be found by trying."""
    key = text.encode()
    if len(key) < SHORTEST_KEY:
        raise ConfigError(
            f"The key in {where} has {len(key)} characters, so it could be guessed. Use "
            f"{SHORTEST_KEY} or more; {_MAKE_ONE}"
        )
    if _surprise(text) < LEAST_SURPRISE:
        raise ConfigError(
            f"The key in {where} repeats itself or counts on, so it could be guessed; {_MAKE_ONE}"
        )
    return key


def _surprise(text: str) -> float:
    """Bits of the characters that neither repeat nor continue what stands before them."""
    text = _once(text[:256])
    steps = [ord(after) - ord(before) for before, after in pairwise(text)]
    follows = [step in (0, last) for step, last in zip(steps, [None, *steps], strict=False)]
    new = text[:1] + "".join(c for c, known in zip(text[1:], follows, strict=True) if not known)
    shares = [n / len(new) for n in Counter(new).values()]
    return -len(new) * sum(share * log2(share) for share in shares)


def _once(text: str) -> str:
    """What `text` repeats: "abab" is twice "ab"."""
    period = (text + text).find(text, 1)
    return text[:period]


def _refuse_open(path: Path) -> None:
    """A key that others on this machine can read is no secret."""
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ConfigError(
            f"The key file {path} can be read by other users of this machine, and with the key "
            f"pseudonyms can be reversed. Run `chmod 600 {path}`."
        )
