import math
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from rackfocus.data.gaze.fixations import SIGMA_SHARE
from rackfocus.data.gaze.gaze_shifts import Fixations, Region, followed_regions, gaze_targets, regions_at
from rackfocus.data.gaze.hevc_gaze import SPLITS, HevcGaze, watched_videos
from rackfocus.focus.annotation.json_file import load_annotation, save_annotation
from rackfocus.types import FocusTarget, InputError

SIZE = (48, 80)
FPS = 20
FRAMES = 60


def write_avi(path: Path, frames: int = FRAMES) -> None:
    """H.264 in AVI, as the published videos are."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"g": "25"})
        stream.width, stream.height, stream.pix_fmt = SIZE[1], SIZE[0], "yuv420p"
        for index in range(frames):
            pixels = np.full((*SIZE, 3), 20 + 3 * index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Ten viewers look at (20, 24) and from 1.5 s on at (60, 24); one looks at (40, 4) throughout."""
    write_avi(tmp_path / "Vidyo1.avi")
    write_avi(tmp_path / "Kimono.avi")
    (tmp_path / "videos.csv").write_text(
        "video,frames,fps,width,height\n"
        f"Vidyo1,{FRAMES},{FPS}.0,{SIZE[1]},{SIZE[0]}\nKimono,{FRAMES},{FPS}.0,{SIZE[1]},{SIZE[0]}\n"
    )
    rows = ["video,subject,t_start_ms,duration_ms,x,y"]
    for viewer in range(10):
        rows += [f"Vidyo1,{viewer},0,1400,20,24", f"Vidyo1,{viewer},1500,1600,60,24"]
    rows.append("Vidyo1,10,0,3100,40,4")
    (tmp_path / "fixations.csv").write_text("\n".join(rows) + "\n")
    return tmp_path


def test_gaze_at_each_sampled_frame(root):
    clips = HevcGaze(root, "test", window=6, stride=12, longer_side_px=80)
    assert [indices for _, indices in clips.clips] == [(0, 3, 7, 10, 13, 17), (40, 43, 47, 50, 53, 57)]
    first, last = clips[0], clips[1]
    assert (last.name, last.source_size) == ("Vidyo1/000040", SIZE)
    assert last.times_s[0] == 2.0
    expected = torch.zeros(6, 1, *SIZE)
    expected[:, 0, 24, 20], expected[:, 0, 4, 40] = 10, 1
    assert torch.equal(first.fixations, expected)
    expected = torch.zeros(6, 1, *SIZE)
    expected[:, 0, 24, 60], expected[:, 0, 4, 40] = 10, 1
    assert torch.equal(last.fixations, expected)
    sigma = SIGMA_SHARE * 80
    total = sum(math.exp(-((x - 40) ** 2) / (2 * sigma**2)) for x in range(80)) ** 2
    peak = last.fixation_maps[0, 0, 24, 60].item()
    assert peak == pytest.approx(10 / 11 / total, rel=1e-3)
    assert last.fixation_maps.sum((1, 2, 3)).tolist() == pytest.approx([1] * 6, abs=1e-5)
    assert last.focus_regions[0, 0, 4, 40] == 0
    assert last.focus_regions[0, 0, 24, 60] > peak


def test_a_lasting_shift_is_a_new_target(root):
    (video,) = [video for name, video in watched_videos(root).items() if name == "Vidyo1"]
    start, shift = video.targets
    assert (start.t, start.source) == (0, "gaze")
    assert (start.x, start.y) == pytest.approx((20, 24), abs=0.5)
    assert (shift.x, shift.y) == pytest.approx((60, 24), abs=0.5)
    assert abs(shift.t - 1.5 * FPS) <= 3
    clip = HevcGaze(root, "test", window=20, longer_side_px=40)[0]
    assert clip.frames.shape == (18, 3, 24, 40)
    assert clip.is_new_target.sum() == 1
    assert clip.targets[0].x == pytest.approx(29.75, abs=0.3)
    assert abs(clip.frame_indices[clip.targets[0].t] - shift.t) <= 2


def test_targets_can_be_saved_and_looked_at(root, tmp_path):
    annotation = watched_videos(root)["Vidyo1"].annotation()
    save_annotation(tmp_path / "Vidyo1.json", annotation)
    assert load_annotation(tmp_path / "Vidyo1.json") == annotation
    assert (annotation.video.frames, annotation.video.fps, len(annotation.targets)) == (FRAMES, FPS, 2)


def test_nobody_looked(root):
    clip = HevcGaze(root, "train", window=4, longer_side_px=40)[0]
    assert clip.name == "Kimono/000000"
    assert clip.targets == ()
    assert torch.all(clip.fixation_maps == 0)
    assert torch.all(clip.focus_regions == 0)


def looks(*stays: tuple[float, float, float, float], viewers: int = 10) -> Fixations:
    """Stays of (start, end, x, y), of as many viewers each."""
    table = np.repeat(np.array(stays), viewers, axis=0)
    return Fixations(table[:, 0], table[:, 1], table[:, 2:])


def test_a_glance_is_no_target():
    gaze = looks((0, 2, 100, 100), (2, 2.3, 500, 100), (2.3, 5, 100, 100))
    assert [target.t for target in gaze_targets(gaze, frames=150, fps=30, width=640)] == [0]
    gaze = looks((0, 2, 100, 100), (2, 4, 500, 100), (4, 6, 100, 100))
    targets = gaze_targets(gaze, frames=180, fps=30, width=640)
    assert [target.t for target in targets] == pytest.approx([0, 60, 120], abs=6)


def test_a_walking_subject_is_followed():
    stays = [(0.1 * step, 0.1 * step + 0.1, 50 + 10 * step, 100) for step in range(50)]
    targets = gaze_targets(looks(*stays), frames=150, fps=30, width=640)
    assert len(targets) == 1


def test_the_middle_of_the_screen_at_the_start_is_left_out():
    targets = gaze_targets(looks((0, 0.35, 320, 180), (0.35, 5, 100, 60)), frames=150, fps=30, width=640)
    assert targets == [FocusTarget(0, 100.0, 60.0, source="gaze")]


def test_regions_are_ranked_by_share():
    points = np.array([[10.0, 10.0]] * 3 + [[90.0, 10.0]] * 5 + [[92.0, 10.0]] * 2)
    first, second = regions_at(points, reach_px=5.0)
    assert (second.x, second.y, second.share) == pytest.approx((10, 10, 0.3), abs=1e-3)
    assert first.x == pytest.approx(90.5, abs=0.2)
    assert first.share == pytest.approx(0.5 + 0.2 * math.exp(-4 / 50), abs=1e-3)
    assert regions_at(np.zeros((0, 2)), 5.0) == []


def test_the_best_path_is_the_best_of_all():
    """Against trying every path."""
    rng = np.random.default_rng(3)
    moments = [
        [Region(float(rng.choice([0, 50])), 0.0, float(rng.uniform(0, 4))) for _ in range(3)]
        for _ in range(5)
    ]

    def score(path: tuple[int, ...]) -> float:
        chosen = [moment[index] for moment, index in zip(moments, path, strict=True)]
        jumps = sum(abs(a.x - b.x) > 10 for a, b in pairwise(chosen))
        return sum(region.share for region in chosen) - 1.5 * jumps

    best = max(np.ndindex(3, 3, 3, 3, 3), key=score)
    path = followed_regions(moments, move_px=10.0)
    assert tuple(index for index, _ in path) == best
    xs = [moment[index].x for moment, (index, _) in zip(moments, path, strict=True)]
    assert [jump for _, jump in path] == [False] + [a != b for a, b in pairwise(xs)]


@pytest.mark.parametrize("file", ["videos.csv", "fixations.csv"])
def test_missing_and_spoilt_tables_are_named(root, file):
    path = root / file
    whole = path.read_text()
    path.write_text(whole.replace("Vidyo1,", "Vidyo1,far,", 1))
    with pytest.raises(InputError, match=rf"{file} cannot be read as a table \(line 2 "):
        HevcGaze(root, "test")
    path.write_text(whole.rsplit(",", 1)[0])
    with pytest.raises(InputError, match=rf"{file} cannot be read as a table \(line "):
        HevcGaze(root, "test")
    path.unlink()
    with pytest.raises(InputError, match=f"{file} is missing"):
        HevcGaze(root, "test")


def test_wrong_input_is_named(root):
    with pytest.raises(InputError, match="nowhere is no folder"):
        HevcGaze(root / "nowhere", "test")
    with pytest.raises(InputError, match="no split 'all'"):
        HevcGaze(root, "all")
    with pytest.raises(InputError, match=r"videos\.csv names no video of validation"):
        HevcGaze(root, "validation")
    with (root / "fixations.csv").open("a") as table:
        table.write("Elsewhere,1,0,100,1,1\n")
    with pytest.raises(InputError, match="names Elsewhere"):
        HevcGaze(root, "test")


def test_spoilt_videos_are_named(root):
    clips = HevcGaze(root, "test")
    path = root / "Vidyo1.avi"
    write_avi(path, 20)
    with pytest.raises(InputError, match=r"Vidyo1\.avi ends after 20 frames"):
        clips[0]
    path.unlink()
    with pytest.raises(InputError, match=r"Vidyo1\.avi is missing"):
        clips[0]
    table = root / "videos.csv"
    table.write_text(table.read_text().replace(f",{SIZE[1]},", ",100,"))
    with pytest.raises(InputError, match=r"Kimono\.avi is 80x48 pixels where videos\.csv says 100x48"):
        HevcGaze(root, "train")[0]


def test_real_videos(shared):
    root = shared / "data/gaze_saliency/hevc_video_gaze"
    videos = watched_videos(root)
    assert {name for names in SPLITS.values() for name in names} == set(videos)
    seconds = {
        name: [round(target.t / video.fps, 1) for target in video.targets[1:]]
        for name, video in videos.items()
    }
    # Looked at: the one beside her turns to the camera, and back; a cut; a bottle is put down.
    assert seconds["KristenAndSara"] == pytest.approx([5.2, 6.6], abs=0.11)
    assert seconds["Kimono"] == pytest.approx([6.1], abs=0.11)
    assert len(seconds["Vidyo1"]) == 4
    clips = HevcGaze(root, "test", window=6, stride=60, longer_side_px=128)
    for index in (0, len(clips) - 1):
        clip = clips[index]
        assert clip.frames.shape[0] == 6
        assert clip.frames.max() > 0.5
        assert clip.fixation_maps.sum((1, 2, 3)).tolist() == pytest.approx([1] * 6, abs=1e-4)
