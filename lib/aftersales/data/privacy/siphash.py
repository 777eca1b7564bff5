"""SipHash-2-4 of 64-bit numbers: a keyed hash that is fast for millions of them.

Aumasson and Bernstein (2012), SipHash: a fast short-input PRF, INDOCRYPT 2012, LNCS 7668:489.
"""

from __future__ import annotations

import numpy as np

KEY_LENGTH = 16  # bytes
_START = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)
_LENGTH = 8 << 56  # the last block: eight bytes were hashed
_AT_ONCE = 16_384  # numbers whose state stays in the processor's cache


def siphash(numbers: np.ndarray, *, key: bytes) -> np.ndarray:
    """The SipHash-2-4 of every number (uint64, taken as eight bytes, little end first).

    Without the key of 16 bytes nobody can tell which number stands behind a hash, or try numbers
    until one fits.

    >>> number = np.frombuffer(bytes(range(8)), dtype="<u8")
    >>> hex(siphash(number, key=bytes(range(16)))[0])
    '0x93f5f5799a932462'
    """
    halves = np.frombuffer(key[:KEY_LENGTH], dtype="<u8").astype("uint64")
    state = [np.uint64(start) ^ halves[i % 2] for i, start in enumerate(_START)]
    found = np.empty(len(numbers), dtype="uint64")
    for first in range(0, len(numbers), _AT_ONCE):
        found[first : first + _AT_ONCE] = _hashed(numbers[first : first + _AT_ONCE], state)
    return found


def _hashed(numbers: np.ndarray, start: list[np.uint64]) -> np.ndarray:
    v = [np.full(len(numbers), word, dtype="uint64") for word in start]
    spare = np.empty(len(numbers), dtype="uint64")
    for block in (numbers, np.uint64(_LENGTH)):
        v[3] ^= block
        _rounds(v, spare, n=2)
        v[0] ^= block
    v[2] ^= np.uint64(0xFF)
    _rounds(v, spare, n=4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def _rounds(v: list[np.ndarray], spare: np.ndarray, *, n: int) -> None:
    for _ in range(n):
        _half(v[0], v[1], v[2], v[3], (13, 16), spare)
        _rotate(v[0], 32, spare)
        _half(v[2], v[1], v[0], v[3], (17, 21), spare)
        _rotate(v[2], 32, spare)


def _half(
    a: np.ndarray,
    b: np.ndarray,
    c: np.ndarray,
    d: np.ndarray,
    by: tuple[int, int],
    spare: np.ndarray,
) -> None:
    a += b
    c += d
    _rotate(b, by[0], spare)
    _rotate(d, by[1], spare)
    b ^= a
    d ^= c


def _rotate(word: np.ndarray, by: int, spare: np.ndarray) -> None:
    np.right_shift(word, np.uint64(64 - by), out=spare)
    np.left_shift(word, np.uint64(by), out=word)
    np.bitwise_or(word, spare, out=word)
