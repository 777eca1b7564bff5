"""Made-up personal data for the sample's raw files, and the list by which tests look for them.

Numbers have the right form and check digits, so that a masker has to recognise them. They are
drawn by chance and belong to nobody in particular; addresses end in ``example.com``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

PREFIXES = np.array(
    [
        "134",
        "135",
        "136",
        "137",
        "138",
        "139",
        "150",
        "151",
        "152",
        "157",
        "158",
        "159",
        "182",
        "186",
        "188",
        "189",
    ]
)
SURNAMES = ["欧阳", "上官", "司徒", "诸葛", "慕容", "东方", "令狐", "皇甫"]
GIVEN = [
    "文博",
    "雨桐",
    "子轩",
    "思远",
    "佳琪",
    "明哲",
    "若曦",
    "浩然",
    "梓涵",
    "一诺",
    "嘉懿",
    "俊熙",
]
ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999
VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)  # ISO 3779, weights of the check
VIN_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", map(int, "12345678123457923456789"), strict=True))
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


def phones(customers: np.ndarray, *, seed: int) -> np.ndarray:
    """A mobile number per customer number, different for every customer."""
    customers = np.asarray(customers, dtype=np.int64)
    tail = ((customers // len(PREFIXES)) * 48_271_003 + seed * 7919 + 20_000_003) % 10**8
    prefix = pa.array(PREFIXES[customers % len(PREFIXES)])
    return pc.binary_join_element_wise(
        prefix, pc.utf8_lpad(pc.cast(pa.array(tail), pa.string()), 8, "0"), ""
    ).to_numpy(zero_copy_only=False)


def names(customers: np.ndarray) -> np.ndarray:
    """A full name per customer number; not unique, as names are."""
    customers = np.asarray(customers, dtype=np.int64)
    given = np.array(GIVEN, dtype=object)[(customers // len(SURNAMES)) % len(GIVEN)]
    return np.array(SURNAMES, dtype=object)[customers % len(SURNAMES)] + given


def emails(customers: np.ndarray) -> np.ndarray:
    """An e-mail address per customer number."""
    numbers = pc.cast(pa.array(np.asarray(customers, dtype=np.int64)), pa.string())
    joined = pc.binary_join_element_wise("user", numbers, "@mail.example.com", "")
    return joined.to_numpy(zero_copy_only=False)


def identity_number(rng: np.random.Generator) -> str:
    """18 characters: place, birth date, sequence and the check digit of GB 11643-1999."""
    place = rng.choice(["110105", "310104", "440305", "510107", "420106"])
    birth = f"{rng.integers(1950, 2004)}{rng.integers(1, 13):02d}{rng.integers(1, 29):02d}"
    body = f"{place}{birth}{rng.integers(1, 999):03d}"
    total = sum(int(d) * w for d, w in zip(body, ID_WEIGHTS, strict=True))
    return body + "10X98765432"[total % 11]


def bank_card(rng: np.random.Generator) -> str:
    """19 digits that pass the Luhn test (ISO/IEC 7812-1)."""
    body = "62" + "".join(map(str, rng.integers(0, 10, 16)))
    doubled = (int(d) * (2 - i % 2) for i, d in enumerate(reversed(body)))
    return body + str(-sum(d // 10 + d % 10 for d in doubled) % 10)


def vehicle_number(rng: np.random.Generator) -> str:
    """17 characters of a vehicle identification number with its check digit (ISO 3779)."""
    tail = "".join(map(str, rng.integers(0, 10, 7)))
    raw = "LSVAU218" + "0" + "N" + tail
    values = (int(c) if c.isdigit() else VIN_VALUES[c] for c in raw)
    check = sum(v * w for v, w in zip(values, VIN_WEIGHTS, strict=True)) % 11
    return raw[:8] + ("X" if check == 10 else str(check)) + raw[9:]


def _mobile(rng: np.random.Generator) -> str:
    return f"{rng.choice(PREFIXES)}{rng.integers(0, 10**8):08d}"


def _spaced(digits: str, mark: str) -> str:
    return mark.join((digits[:3], digits[3:7], digits[7:]))


def _plate(rng: np.random.Generator, mark: str = "") -> str:
    place, office = rng.choice(list("粤京沪川豫")), rng.choice(list("ABCD"))
    return f"{place}{office}{mark}{rng.integers(10_000, 99_999)}"


KINDS: dict[str, tuple[str, Callable[[np.random.Generator], str]]] = {
    "mobile": (",请联系{}", _mobile),
    "mobile with spaces": (",电话{}", lambda r: _spaced(_mobile(r), " ")),
    "mobile with hyphens": (",手机{}", lambda r: _spaced(_mobile(r), "-")),
    "mobile with country code": (",回电{}", lambda r: "+86 " + _mobile(r)),
    "mobile in full width": (",联系方式:{}", lambda r: _mobile(r).translate(FULL_WIDTH)),
    "landline": (
        ",座机{}",
        lambda r: f"0{r.choice([10, 21, 755, 28])}-{r.integers(6, 9)}{r.integers(0, 10**7):07d}",
    ),
    "foreign phone": (",海外电话{}", lambda r: f"+44 20 7946 0{r.integers(100, 999)}"),
    "identity number": (",身份证{}", identity_number),
    "e-mail": (",邮箱{}", lambda r: f"client.{r.integers(10**5, 10**6)}@example.com"),
    "bank card": (",退款至卡号{}", bank_card),
    "bank card with spaces": (",卡号 {}", lambda r: " ".join(_fours(bank_card(r)))),
    "plate": (",送货车牌{}", _plate),
    "plate with dot": (",车牌号{}", lambda r: _plate(r, "·")),
    "vehicle number": (",车架号{}", vehicle_number),
}


def _fours(digits: str) -> list[str]:
    return [digits[i : i + 4] for i in range(0, len(digits), 4)]


def remarks(n: int, *, rng: np.random.Generator) -> list[tuple[str, str, str]]:
    """`n` personal remarks: the words to add to a text, the datum in them, and its kind."""
    kinds = rng.choice(list(KINDS), n)
    made = []
    for kind in kinds.tolist():
        words, make = KINDS[kind]
        datum = make(rng)
        made.append((words.format(datum), datum, kind))
    return made


def forms(data: Iterable[str]) -> list[str]:
    """Each datum as written, with narrow characters, and without the marks between its parts."""
    found: dict[str, None] = {}
    for datum in data:
        narrow = unicodedata.normalize("NFKC", datum)
        bare = "".join(c for c in narrow if c not in " -·")
        found |= dict.fromkeys((datum, narrow, bare))
    return list(found)
