from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from rackfocus.data.preparation import vaf_build
from rackfocus.data.preparation.vaf_build import Seen, Selection, build_dataset, look_at, read_table
from rackfocus.types import InputError


def write_video(path: Path, *scenes: int, frames: int = 10) -> Path:
    """A video of some shots, each with a picture of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for seed in scenes:
            cells = np.random.default_rng(seed).integers(0, 256, (3, 4, 3))
            picture = np.kron(cells, np.ones((16, 16, 1))).astype(np.uint8)
            for _ in range(frames):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    write_video(folder / "a" / "clip.mp4", 1)
    write_video(folder / "b" / "clip.mp4", 2)
    write_video(folder / "cut.mp4", 3, 4)
    write_video(folder / "short.mp4", 5, frames=3)
    (folder / "copy.mp4").write_bytes((folder / "a" / "clip.mp4").read_bytes())
    (folder / "spoilt.mov").write_bytes(b"no video")
    (folder / "notes.txt").write_text("no video either")
    return folder


@pytest.fixture
def folder(made, tmp_path) -> Path:
    """Links, so that a test may add and take away."""
    for path in made.rglob("*"):
        if path.is_file():
            target = tmp_path / "videos" / path.relative_to(made)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.hardlink_to(path)
    return tmp_path / "videos"


ONE_SECOND = Selection(shortest_s=1.0)


def test_what_serves_and_what_does_not(folder, tmp_path):
    build_dataset(folder, tmp_path / "set", ONE_SECOND)
    table = read_table(tmp_path / "set" / "videos.csv")
    seen = {str(Path(video.video).relative_to(folder)): video for video in table}
    reasons = {name: video.left_out for name, video in seen.items()}
    assert reasons.pop("spoilt.mov").startswith("it cannot be read: ")
    assert reasons == {
        "a/clip.mp4": "",
        "b/clip.mp4": "",
        "copy.mp4": f"it is the same as {folder}/a/clip.mp4",
        "cut.mp4": "it has a cut at frame 10",
        "short.mp4": "it is 0.30 s long",
    }
    first, second = seen["a/clip.mp4"], seen["b/clip.mp4"]
    assert first.seconds == pytest.approx(1.0)
    assert (first.name, second.name) == ("clip.mp4", f"clip_{second.sha256[:8]}.mp4")
    for video in (first, second):
        placed = tmp_path / "set" / video.split / video.name
        assert placed.samefile(video.video)


def test_a_stopped_run_goes_on(folder, tmp_path, monkeypatch):
    looked = []

    def counting(path):
        if len(looked) == 4 and "stopped" not in looked:
            looked.append("stopped")
            raise KeyboardInterrupt
        looked.append(str(path))
        return look_at(path)

    monkeypatch.setattr(vaf_build, "look_at", counting)
    with pytest.raises(KeyboardInterrupt):
        build_dataset(folder, tmp_path / "set", ONE_SECOND)
    again = build_dataset(folder, tmp_path / "set", ONE_SECOND)
    looked.remove("stopped")
    assert sorted(looked) == [video.video for video in again]
    monkeypatch.undo()
    assert again == build_dataset(folder, tmp_path / "other", ONE_SECOND)
    assert again == build_dataset(folder, tmp_path / "set", ONE_SECOND)


def test_of_two_at_once_the_second_is_told(folder, tmp_path):
    def progress(done, _total):
        if done == 1:
            with pytest.raises(InputError, match="set is being written by another run"):
                build_dataset(folder, tmp_path / "set", Selection(shortest_s=0.5))

    build_dataset(folder, tmp_path / "set", Selection(shortest_s=0.5), progress=progress)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set", "videos"]


def test_videos_may_be_added_and_stay_where_they_are(folder, tmp_path):
    before = build_dataset(
        folder, tmp_path / "set", Selection(shortest_s=1.0, test_share=1, validation_share=0)
    )
    (folder / "a" / "clip.mp4").unlink()
    write_video(folder / "c.mp4", 7)
    after = build_dataset(
        folder, tmp_path / "set", Selection(shortest_s=9.0, test_share=0, validation_share=0)
    )
    splits = {video.video: (video.split, video.name) for video in after if video.split}
    assert splits == {video.video: (video.split, video.name) for video in before if video.split}
    assert {split for split, _ in splits.values()} == {"test"}
    assert next(video for video in after if video.video.endswith("c.mp4")).left_out == "it is 1.00 s long"
    write_video(folder / "b" / "clip.mp4", 8)
    with pytest.raises(InputError, match=r"b/clip\.mp4 has changed since"):
        build_dataset(folder, tmp_path / "set", ONE_SECOND)


def test_another_folder_may_be_added(folder, tmp_path):
    first = build_dataset(folder / "a", tmp_path / "set", ONE_SECOND)
    both = build_dataset(folder / "b", tmp_path / "set", ONE_SECOND)
    assert first[0] in both
    assert sorted(video.name for video in both) == ["clip.mp4", f"clip_{both[1].sha256[:8]}.mp4"]
    (folder / "short.mp4").rename(folder / "b" / "short.mp4")
    left = build_dataset(folder / "b", tmp_path / "set", ONE_SECOND)
    assert [video.left_out for video in left] == ["", "", "it is 0.30 s long"]
    (folder / "b" / "short.mp4").unlink()
    assert build_dataset(folder / "b", tmp_path / "set", Selection(shortest_s=0)) == both


def videos(count: int) -> list[Seen]:
    rng = np.random.default_rng(0)
    return [Seen(f"{n:03}.mp4", 1, 1, rng.bytes(32).hex(), 5.0) for n in range(count)]


def test_splits_are_by_content_and_of_about_the_shares():
    some = videos(200)
    splits = {video.sha256: video.split for video in Selection().assign_splits(some)}
    counts = [list(splits.values()).count(name) for name in ("train", "validation", "test")]
    assert counts[1:] == pytest.approx([20, 19], abs=12)
    assert sum(counts) == 200
    renamed = [replace(video, video=f"x{200 - n}.mp4") for n, video in enumerate(some[:50])]
    for video in Selection().assign_splits(renamed):
        assert video.split == splits[video.sha256]


def test_a_draw_does_not_depend_on_names():
    some = videos(20)
    drawn = {video.sha256 for video in Selection(most=5).assign_splits(some) if video.split}
    renamed = [replace(video, video=f"x{20 - n}.mp4") for n, video in enumerate(some)]
    again = Selection(most=5).assign_splits(renamed)
    assert drawn == {video.sha256 for video in again if video.split}
    assert len(drawn) == 5
    assert {video.left_out for video in again} == {"", "only 5 are wanted"}
    # What is there already is never taken out.
    fewer = Selection(most=2).assign_splits(again)
    assert [video.split for video in fewer] == [video.split for video in again]


def test_mistakes(folder, tmp_path):
    with pytest.raises(InputError, match="nowhere is no folder"):
        build_dataset(tmp_path / "nowhere", tmp_path / "set", Selection())
    with pytest.raises(InputError, match="cannot be the folder of the videos"):
        build_dataset(folder, folder, Selection())
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no video"):
        build_dataset(tmp_path / "empty", tmp_path / "set", Selection())
    with pytest.raises(InputError, match=r"not above 1 together, and are 0\.6 and 0\.5"):
        Selection(validation_share=0.6, test_share=0.5)
    with pytest.raises(InputError, match="most must be 1 or more"):
        Selection(most=0)
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "videos.csv").write_text("video\nx\n")
    with pytest.raises(InputError, match=r"videos\.csv cannot be read"):
        build_dataset(folder, tmp_path / "set", Selection())


def test_nothing_is_overwritten(folder, tmp_path):
    for split in ("train", "validation", "test"):
        (tmp_path / "set" / split).mkdir(parents=True)
        (tmp_path / "set" / split / "clip.mp4").write_text("another one")
    with pytest.raises(InputError, match=r"clip\.mp4 is there already and is another video"):
        build_dataset(folder, tmp_path / "set", ONE_SECOND)
