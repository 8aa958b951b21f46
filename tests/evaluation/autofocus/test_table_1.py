import dataclasses
import json
import math

import av
import numpy as np
import pytest

from rackfocus.evaluation.autofocus.focus_clips import find_clips
from rackfocus.evaluation.autofocus.focus_table import mean, told, write_rows
from rackfocus.evaluation.autofocus.look_ahead_study import PICTURE_FILE, LookAheadStudy
from rackfocus.evaluation.autofocus.table_1 import CAUSAL, LAAF, OPTICAL, Table1
from rackfocus.focus.annotation.json_file import annotated_video, save_annotation
from rackfocus.focus.puller import FocusPuller
from rackfocus.focus.scene_specific import SceneSpecific
from rackfocus.scenes.clips.events import CLIP_FORMAT
from rackfocus.scenes.files import write_disparity
from rackfocus.types import FocusAnnotation, FocusTarget, InputError

FRAMES, FPS, WIDTH, HEIGHT, EVENT = 40, 10, 96, 64, 20
HERE, THERE = (8, 20, 28, 44), (60, 16, 84, 48)
NEAR, FAR = 0.0, 3.0


class Seen:
    """Sees the second subject from the event on."""

    def __call__(self, window):
        maps = np.zeros((len(window.frames), *window.map_size), np.float32)
        rows, columns = window.map_size
        left, top, right, bottom = (
            round(v * s / t) for v, s, t in zip(THERE, (columns, rows) * 2, (WIDTH, HEIGHT) * 2, strict=True)
        )
        for index, time_s in enumerate(window.times_s):
            if time_s > (EVENT - 0.5) / FPS:
                maps[index, top:bottom, left:right] = 1.0
        return maps

    def missing(self, window):  # noqa: ARG002
        return None


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A clip as the generator of scenes writes it, with flat subjects on a flat wall."""
    root = tmp_path_factory.mktemp("clips")
    clip = root / "clips" / "acts_1000"
    (clip / "disparity").mkdir(parents=True)
    rng = np.random.default_rng(0)
    picture = np.kron(rng.integers(40, 216, (8, 12, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    disparity = np.full((HEIGHT, WIDTH), 5.0, np.float32)
    for (left, top, right, bottom), value in ((HERE, NEAR), (THERE, FAR)):
        picture[top:bottom, left:right] = rng.integers(0, 256, (bottom - top, right - left, 3))
        disparity[top:bottom, left:right] = value
    with av.open(str(clip / "clip.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for _ in range(FRAMES):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    for frame in range(FRAMES):
        write_disparity(clip / "disparity" / f"{frame:04d}.png", disparity)
    people = {
        "first": {"box": HERE, "focal_disparity": NEAR, "point": [18, 32]},
        "second": {"box": THERE, "focal_disparity": FAR, "point": [72, 32]},
    }
    about = {
        "format": CLIP_FORMAT,
        "fps": FPS,
        "frames": [{"frame": i, "people": people} for i in range(FRAMES)],
    }
    (clip / "clip.json").write_text(json.dumps(about))
    targets = (FocusTarget(0, 18, 32, box=HERE), FocusTarget(EVENT, 72, 32, box=THERE))
    save_annotation(clip / "annotation.json", FocusAnnotation(annotated_video(clip / "clip.mp4"), targets))
    return root


@pytest.fixture
def clip(folder):
    (found,) = find_clips(folder)
    return found


def test_clips_are_found_by_their_annotation(clip):
    assert clip.name == "acts_1000"
    assert clip.disparity.name == "disparity"
    assert [clip.subject(target) for target in clip.targets] == ["first", "second"]


def test_targets_agree_on_the_subject_and_near_it(clip):
    truth = clip.targets[1]
    near = 0.05 * math.hypot(WIDTH, HEIGHT)
    assert clip.agree(FocusTarget(25, 72, 32), truth)
    assert clip.agree(FocusTarget(25, THERE[2] + near - 0.1, 32), truth)
    assert not clip.agree(FocusTarget(25, THERE[2] + near + 0.1, 32), truth)
    assert not clip.agree(FocusTarget(20, 18, 32), truth)


def test_an_early_target_may_lie_where_its_subject_will_be(clip):
    elsewhere = {**clip.people[0], "second": {"box": (90, 16, 95, 48), "focal_disparity": FAR}}
    moving = dataclasses.replace(clip, people=(*[elsewhere] * EVENT, *clip.people[EVENT:]))
    assert moving.agree(FocusTarget(EVENT - 3, 72, 32), clip.targets[1])
    assert moving.agree(FocusTarget(EVENT - 3, 92, 32), clip.targets[1])
    late = dataclasses.replace(clip, people=(*clip.people[:EVENT], clip.people[0], *[elsewhere] * 19))
    assert not late.agree(FocusTarget(EVENT + 3, 70, 32), clip.targets[1])


def test_the_true_focus_is_pulled_between_the_true_disparities(clip):
    focus = clip.true_focus(FocusPuller(duration_frames=10, early_frames=0))
    assert focus[:11] == pytest.approx(NEAR)
    assert focus[15] == pytest.approx((NEAR + FAR) / 2)
    assert focus[EVENT:] == pytest.approx(FAR)


def test_the_table_tells_a_good_focus_from_one_that_never_moves(folder, tmp_path):
    table = Table1(str(folder), SceneSpecific({"seen": Seen()}))
    rows = {row["method"]: row for row in table.rows(tmp_path, lambda _done, _total: None)}
    assert set(rows) == {LAAF, CAUSAL, OPTICAL}
    ours, kept = rows[LAAF], rows[OPTICAL]
    assert (ours["recall"], ours["precision"]) == (1, 1)
    assert ours["|Δt|"] <= 1
    assert ours["|Δd|"] < 0.5
    assert kept["recall"] == 0
    assert math.isnan(kept["|Δt|"])
    level = WIDTH / 384
    expected = (
        (FAR - NEAR) * (FRAMES - EVENT + 2 + 4.5) / FRAMES / level
    )  # arrives 2 frames early, 10 to pull
    assert kept["|Δd|"] == pytest.approx(expected, rel=1e-6)
    assert (tmp_path / "acts_1000.png").is_file()
    means = {row["method"]: row for row in table.summary(list(rows.values()))}
    assert means[LAAF]["recall"] == 1
    assert means[LAAF]["Δt"] == "|Δt| < 15: 1 of 1"
    assert means[OPTICAL]["Δt"] == "|Δt| < 15: 0 of 1"


def test_what_needs_the_whole_video_has_no_causal_row_and_no_study(folder, tmp_path):
    class Nothing:
        source = "action"

        def find(self, pictures, **_):
            list(pictures)
            return []

        def warnings(self):
            return ()

    rows = list(Table1(str(folder), Nothing()).rows(tmp_path, lambda *_: None))
    assert [row["method"] for row in rows] == [LAAF, OPTICAL]
    with pytest.raises(InputError, match="Nothing needs the whole video; choose"):
        next(iter(LookAheadStudy(str(folder), Nothing()).rows(tmp_path, lambda *_: None)))


def test_mistakes(folder, tmp_path):
    with pytest.raises(InputError, match="holds no annotated video"):
        find_clips(tmp_path)
    note = next(folder.rglob("annotation.json"))
    (tmp_path / "annotation.json").write_text(note.read_text())
    with pytest.raises(InputError, match="does not lie beside it"):
        find_clips(tmp_path)


def test_rows_are_written_as_people_read_them(tmp_path):
    rows = [{"video": "a", "x": 1.5}, {"video": "b", "x": math.nan, "y": 2}]
    write_rows(rows, tmp_path / "rows.csv")
    assert (tmp_path / "rows.csv").read_text() == "video,x,y\na,1.5,\nb,,2\n"
    assert mean(rows, "x") == 1.5
    assert told(0.12345) == "0.123"


def test_the_more_is_seen_ahead_the_earlier_focus_comes(folder, tmp_path):
    study = LookAheadStudy(str(folder), SceneSpecific({"seen": Seen()}), buffers_s=(0.0, 2.0), hop_s=0.1)
    none, ahead = rows = list(study.rows(tmp_path, lambda *_: None))
    assert (none["buffer_s"], ahead["buffer_s"]) == (0.0, 2.0)
    assert ahead["|Δt|"] == 0
    assert none["|Δt|"] > 5
    assert ahead["|Δd|"] < none["|Δd|"]
    assert [(row["matched"], row["missed"], row["spurious"]) for row in rows] == [(1, 0, 0)] * 2
    assert [row["|Δd|"] for row in study.summary(rows)] == [none["|Δd|"], ahead["|Δd|"]]
    assert (tmp_path / PICTURE_FILE).read_bytes().startswith(b"\x89PNG")


def test_a_study_without_a_buffer_is_one_sentence(folder):
    with pytest.raises(InputError, match="buffers_s must be lengths"):
        LookAheadStudy(str(folder), SceneSpecific({"seen": Seen()}), buffers_s=())
