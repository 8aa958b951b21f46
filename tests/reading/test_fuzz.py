"""Mutants of small files of every kind are read, or refused by one sentence, in little time and memory."""

import random
import re
import time
from pathlib import Path
from typing import Any

import pytest

from rackfocus import InputError

# A library's warning is neither a refusal nor a result.
pytestmark = pytest.mark.filterwarnings("ignore")

FEW, MANY = 100, 1000
SLOWEST_S, LARGEST_BYTES = 5, 400 * 2**20
"""Of processor time for one mutant, and of memory beyond what the process of the tests has already."""

ODD = [b"-1", b"0", b"1e-9", b"1e999", b"1" * 400, b"NaN", b"null", b"true", b'"x"', b"1/0", b"1e9999999",
       b'"' + b"n" * 5000 + b'"', b"[]", b"{}", b"[" * 200_000, b'"\\ud800"', b"\xff\xfe", b""]  # fmt: skip


def flipped(data: bytearray, rng: random.Random) -> None:
    for _ in range(rng.choice((1, 3, 30))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def cut(data: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(data))
    del data[start : rng.choice((len(data), start + rng.randrange(1, 40)))]


def claiming(data: bytearray, rng: random.Random) -> None:
    """A number near the beginning, where headers are, is replaced by an extreme one."""
    start, size = rng.randrange(min(len(data), 200)), rng.choice((1, 2, 4, 8))
    data[start : start + size] = rng.choice((b"\0", b"\x7f", b"\xff", b"\x01\x00")) * size


def odd_token(data: bytearray, rng: random.Random) -> None:
    """In text, a number, a name or a word is replaced."""
    found = [match.span() for match in re.finditer(rb'"[^"\n]*"|-?\d[\d.eE+-]*|[A-Za-z]+', data)]
    start, stop = rng.choice(found or [(0, len(data))])
    data[start:stop] = rng.choice(ODD)


def mutant(whole: bytes, seed: str) -> bytes:
    rng, data = random.Random(seed), bytearray(whole)
    is_text = whole.isascii()
    rng.choice((flipped, cut, odd_token, odd_token) if is_text else (flipped, cut, claiming))(data, rng)
    return bytes(data)


def peak_bytes(begin: bool = False) -> int:
    """The largest memory of this process since `begin`, or at `begin`."""
    if begin:
        Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def check(name: str, kind: Any, folder: Path, count: int) -> None:
    path = folder / kind.file
    kind.make(path)
    whole = path.read_bytes()
    kind.load(path)
    refused, before = 0, peak_bytes(begin=True)
    for number in range(count):
        path.write_bytes(mutant(whole, f"{name} {number}"))
        began = time.process_time()
        try:
            kind.load(path)
        except InputError as error:
            refused += 1
            sentence = str(error)
            assert sentence.endswith(".")
            assert "\n" not in sentence
        except Exception as error:
            raise AssertionError(f"mutant {number} of {name}") from error
        assert time.process_time() - began < SLOWEST_S, number
    assert peak_bytes() - before < LARGEST_BYTES
    assert refused > 0


def test_a_hundred_mutants(name: str, kind: Any, tmp_path: Path) -> None:
    check(name, kind, tmp_path, FEW)


@pytest.mark.slow
def test_a_thousand_mutants(name: str, kind: Any, tmp_path: Path) -> None:
    check(name, kind, tmp_path, MANY)
