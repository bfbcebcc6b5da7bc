"""Ways in which a file is damaged, or made hostile; the same case number makes the same bytes everywhere."""

from __future__ import annotations

import struct

import numpy as np

from tests.fuzz.originals import originals

# Numbers that lengths, sizes and offsets are set to.
_EDGES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def case(number: int, suffixes: tuple[str, ...] | None = None) -> tuple[str, bytes]:
    """(suffix, bytes) of this case. Suffixes take turns."""
    rng = np.random.default_rng([20, number])
    names = suffixes or tuple(originals())
    suffix = names[number % len(names)]
    files = originals()[suffix]
    data = files[int(rng.integers(len(files)))]
    return suffix, mutated(data, rng, others=files)


def mutated(data: bytes, rng: np.random.Generator, others: list[bytes]) -> bytes:
    """One to four damages, one after another."""
    for _ in range(int(rng.integers(1, 5))):
        way = _WAYS[int(rng.integers(len(_WAYS)))]
        data = way(data, rng) if way is not _spliced else _spliced(data, rng, others)
    return data


def _place(data: bytes, rng: np.random.Generator) -> int:
    """Half of the time near the front, where headers are."""
    n = max(len(data), 1)
    return int(rng.integers(min(n, 64) if rng.random() < 0.5 else n))


def _cut(data: bytes, rng: np.random.Generator) -> bytes:
    return data[: int(rng.integers(len(data) + 1))]


def _flipped(data: bytes, rng: np.random.Generator) -> bytes:
    out = bytearray(data)
    for _ in range(int(rng.integers(1, 20)) if out else 0):
        out[_place(data, rng)] ^= 1 << int(rng.integers(8))
    return bytes(out)


def _set(data: bytes, rng: np.random.Generator) -> bytes:
    out = bytearray(data)
    for _ in range(int(rng.integers(1, 6)) if out else 0):
        out[_place(data, rng)] = int(rng.integers(256))
    return bytes(out)


def _edge(data: bytes, rng: np.random.Generator) -> bytes:
    """A number of 2 or 4 bytes becomes one that overflows, is negative, or promises gigabytes."""
    at, value = _place(data, rng), _EDGES[int(rng.integers(len(_EDGES)))]
    form = ("<I", ">I", "<H", ">H")[int(rng.integers(4))]
    piece = struct.pack(form, value & (0xFFFF if form[1] == "H" else 0xFFFFFFFF))
    return data[:at] + piece + data[at + len(piece) :]


def _inserted(data: bytes, rng: np.random.Generator) -> bytes:
    at = _place(data, rng)
    return data[:at] + rng.bytes(int(rng.integers(1, 64))) + data[at:]


def _removed(data: bytes, rng: np.random.Generator) -> bytes:
    at = _place(data, rng)
    return data[:at] + data[at + int(rng.integers(1, 64)) :]


def _repeated(data: bytes, rng: np.random.Generator) -> bytes:
    at, n = _place(data, rng), int(rng.integers(1, 256))
    return data[: at + n] + data[at : at + n] * int(rng.integers(1, 40)) + data[at + n :]


def _zeroed(data: bytes, rng: np.random.Generator) -> bytes:
    at, n = _place(data, rng), int(rng.integers(1, 512))
    return data[:at] + bytes(len(data[at : at + n])) + data[at + n :]


def _spliced(data: bytes, rng: np.random.Generator, others: list[bytes]) -> bytes:
    """The front of one good file and the end of another."""
    other = others[int(rng.integers(len(others)))]
    return data[: int(rng.integers(len(data) + 1))] + other[int(rng.integers(len(other) + 1)) :]


_WAYS = (_cut, _flipped, _set, _edge, _inserted, _removed, _repeated, _zeroed, _spliced)
