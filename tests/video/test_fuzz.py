"""Mutants of small files are read, or refused by one sentence; none aborts, hangs or takes all memory."""

import json
import random
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

Maker = Callable[..., Path]

MUTANTS = 50
"""Of each of the six files."""
SLICE = 4
"""Of these, in `make test`."""
SLOWEST_S, LARGEST_BYTES = 20, 2 * 2**30

READ = """
import json, sys, time
from rackfocus.types import InputError
from rackfocus.video import open_video
from rackfocus.video.random_access import RandomAccess
from rackfocus.video.sound.samples import read_sound

def everything(path):
    with open_video(path, damaged="hold") as reader:
        frames = sum(bool(frame.encoded.isfinite().all()) for frame in reader.frames(0, 200))
    with open_video(path) as reader:
        frames = sum(1 for _ in reader.frames(0, 200))
    read_sound(path, 0, 1)
    with RandomAccess(path, height_px=32) as video:
        for index in (video.count - 1, video.count // 2, 0):
            video.read(index)

for path in sys.argv[1:]:
    begin = time.process_time()
    print(json.dumps({"file": path}), flush=True)
    try:
        everything(path)
        sentence = None
    except InputError as error:
        sentence = str(error)
    # Not the peak of getrusage, which begins with that of the process that started this one.
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
    print(json.dumps({"sentence": sentence, "took_s": time.process_time() - begin, "peak": peak}), flush=True)
"""


def six_files(folder: Path, make_video: Maker) -> list[Path]:
    frames = {"pts": range(30), "options": {"g": "10", "crf": "20"}}
    return [
        make_video(folder / "v.mp4", audio=[("aac", 16000, "mono")], **frames),
        make_video(folder / "v.mkv", audio=[("flac", 16000, "5.1")], **frames),
        make_video(folder / "v.ts", **frames),
        make_video(folder / "v.avi", pts=range(30), codec="mjpeg", pixel_format="yuvj420p"),
        make_video(folder / "v.mov", pts=range(12), codec="prores_ks", pixel_format="yuv422p10le",
                   audio=[("pcm_s16le", 16000, "7.1")]),
        make_video(folder / "v.gif", pts=range(12), codec="gif", pixel_format="rgb8",
                   time_base=Fraction(1, 100)),
    ]  # fmt: skip


def flipped(data: bytearray, rng: random.Random) -> None:
    """A few bits, or many, are changed."""
    for _ in range(rng.choice((1, 3, 30))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def cut(data: bytearray, rng: random.Random) -> None:
    """A part is missing: the end, or some within."""
    start = rng.randrange(len(data))
    del data[start : rng.choice((len(data), start + rng.randrange(1, 3000)))]


def shuffled(data: bytearray, rng: random.Random) -> None:
    """The entries of a table of times change places; where there is none, parts of the file do."""
    at = data.find(rng.choice((b"ctts", b"stts", b"stsz", b"stco")))
    if at >= 0:
        entries = min(int.from_bytes(data[at + 8 : at + 12], "big"), 40)
        places = range(at + 12, at + 12 + 8 * entries, 8)
        pieces = [data[place : place + 8] for place in places]
        rng.shuffle(pieces)
        for place, piece in zip(places, pieces, strict=True):
            data[place : place + 8] = piece
        return
    length = rng.choice((2, 8, 188, 1000))
    one, other = (rng.randrange(max(1, len(data) - length)) for _ in range(2))
    data[one : one + length], data[other : other + length] = (
        data[other : other + length],
        data[one : one + length],
    )


def mutants(source: Path, count: int) -> list[Path]:
    made = []
    for number in range(count):
        rng = random.Random(f"{source.name} {number}")
        data = bytearray(source.read_bytes())
        rng.choice((flipped, cut, shuffled))(data, rng)
        made.append(source.with_name(f"{number:03d}{source.suffix}"))
        made[-1].write_bytes(data)
    return made


def check(folder: Path, make_video: Maker, count: int) -> None:
    files = [mutant for source in six_files(folder, make_video) for mutant in mutants(source, count)]
    command = [sys.executable, "-W", "error", "-c", READ, *map(str, files)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=SLOWEST_S * len(files)
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, f"{lines[-1]} {done.stderr[-2000:]}"
    results = lines[1::2]
    assert len(results) == len(files)
    for told in results:
        sentence = told["sentence"]
        assert sentence is None or (sentence.endswith(".") and "\n" not in sentence)
        assert told["took_s"] < SLOWEST_S
        assert told["peak"] < LARGEST_BYTES
    refused = sum(told["sentence"] is not None for told in results)
    assert 0.2 * len(files) < refused < len(files)


def test_some_mutants(tmp_path: Path, make_video: Maker) -> None:
    check(tmp_path, make_video, SLICE)


@pytest.mark.slow
def test_three_hundred_mutants(tmp_path: Path, make_video: Maker) -> None:
    check(tmp_path, make_video, MUTANTS)
