import copy
import json
from pathlib import Path

import av
import jsonschema
import numpy as np
import pytest

import rackfocus
from rackfocus.focus.annotation.json_file import FORMAT, VERSION, annotated_video, annotation_schema
from rackfocus.types import (
    EASINGS,
    TARGET_SOURCES,
    AnnotatedVideo,
    FocusAnnotation,
    FocusPulls,
    FocusTarget,
    InputError,
)

VIDEO = AnnotatedVideo("001.AVI", "0123456789abcdef" * 4, 640, 360, 300, 29.97)
TARGETS = (
    FocusTarget(0, 12.5, 40.0),
    FocusTarget(90, 639.0, 359.0, (600.0, 300.0, 639.0, 359.0), "action", why="acts"),
    FocusTarget(90, 20.0, 30.0, source="user", until=120),
)
PLAIN = {
    "format": "rackfocus.focus",
    "version": 2,
    "video": {"name": "a.mp4", "sha256": "0" * 64, "width": 64, "height": 48, "frames": 30, "fps": 24},
    "targets": [
        {"t": 3, "x": 10, "y": 20.5},
        {"t": 9, "x": 1, "y": 2, "box": [0, 1, 2, 3], "source": "gaze", "until": 31},
    ],
}


def test_what_is_saved_is_loaded(tmp_path):
    path = tmp_path / "001.json"
    annotation = FocusAnnotation(VIDEO, TARGETS, FocusPulls(7, 3, "eased"), 2.8)
    rackfocus.save_annotation(path, annotation)
    assert rackfocus.load_annotation(path) == annotation
    content = json.loads(path.read_text())
    assert list(content) == ["format", "version", "video", "targets", "pulls", "aperture"]
    assert content["video"]["fps"] == 29.97
    assert content["targets"][1]["box"] == [600, 300, 639, 359]
    assert [entry.name for entry in tmp_path.iterdir()] == ["001.json"]


def test_a_plain_file_by_hand(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(PLAIN))
    annotation = rackfocus.load_annotation(path)
    assert annotation.targets == (
        FocusTarget(3, 10.0, 20.5), FocusTarget(9, 1.0, 2.0, (0.0, 1.0, 2.0, 3.0), "gaze", 31)
    )  # fmt: skip
    assert (annotation.pulls, annotation.aperture) == (FocusPulls(10, 2, "linear"), None)


def test_files_of_version_1_arrive_at_their_target(tmp_path):
    path = tmp_path / "old.json"
    old = copy.deepcopy(PLAIN) | {"version": 1, "pulls": {"duration_frames": 4}}
    del old["targets"][1]["until"]
    path.write_text(json.dumps(old))
    annotation = rackfocus.load_annotation(path)
    assert annotation.pulls == FocusPulls(4, 0, "linear")
    rackfocus.save_annotation(path, annotation)
    assert json.loads(path.read_text())["version"] == VERSION == 2
    assert rackfocus.load_annotation(path) == annotation
    path.write_text(json.dumps(copy.deepcopy(old) | {"pulls": 3}))
    with pytest.raises(InputError, match="pulls must be an object"):
        rackfocus.load_annotation(path)


def test_the_schema_knows_what_the_types_know(tmp_path):
    schema = annotation_schema()
    rackfocus.save_annotation(tmp_path / "a.json", FocusAnnotation(VIDEO, TARGETS))
    known = {"": schema, "video": schema["properties"]["video"], "pulls": schema["properties"]["pulls"]}
    saved = json.loads((tmp_path / "a.json").read_text())
    for name, part in known.items():
        assert set(part["properties"]) == set(saved[name] if name else saved)
    target = schema["properties"]["targets"]["items"]["properties"]
    assert set(target) == set(saved["targets"][0])
    assert tuple(target["source"]["enum"]) == TARGET_SOURCES
    pulls = known["pulls"]["properties"]
    assert tuple(pulls["easing"]["enum"]) == EASINGS
    assert FocusPulls(**{name: field["default"] for name, field in pulls.items()}) == FocusPulls()
    assert (known[""]["properties"]["version"]["const"], known[""]["properties"]["format"]["const"]) == (
        VERSION,
        FORMAT,
    )


def test_files_that_are_written_follow_the_schema(tmp_path):
    jsonschema.Draft202012Validator.check_schema(annotation_schema())
    rackfocus.save_annotation(tmp_path / "a.json", FocusAnnotation(VIDEO, TARGETS))
    jsonschema.validate(json.loads((tmp_path / "a.json").read_text()), annotation_schema())


def test_targets_come_in_the_order_of_time():
    automatic = FocusTarget(20, 1.0, 1.0, source="action")
    by_user = FocusTarget(10, 3.0, 3.0)
    assert FocusAnnotation(VIDEO, (automatic, by_user)).targets == (by_user, automatic)


@pytest.mark.parametrize(
    ("where", "value", "field"),
    [
        ("format", "other", "format"),
        ("version", 3, "version is 3, newer"),
        ("version", 0, "version must be 1 to 2"),
        ("version", "1", "version must be a whole number"),
        ("video", [], "video must be an object"),
        ("video.name", "../a.mp4", "video.name"),
        ("video.sha256", "abc", "video.sha256"),
        ("video.width", 0, "video.width"),
        ("video.frames", 1.5, "video.frames"),
        ("video.fps", None, "video.fps"),
        ("video.codec", "h264", "video.codec is not known"),
        ("targets", {}, "targets must be a list"),
        ("targets.0", 3, r"targets\[0\] must be an object"),
        ("targets.1.t", 30, r"targets\[1\].t must lie"),
        ("targets.0.t", -1, r"targets\[0\].t"),
        ("targets.0.t", True, r"targets\[0\].t"),
        ("targets.0.x", 64, r"targets\[0\].x must lie in the video, 0 to 63"),
        ("targets.0.y", "7", r"targets\[0\].y"),
        ("targets.1.box", [1, 2, 3], r"targets\[1\].box"),
        ("targets.1.box", [5, 1, 2, 3], r"targets\[1\].box"),
        ("targets.1.box", ["a", 1, 2, 3], r"targets\[1\].box"),
        ("targets.1.source", "me", r"targets\[1\].source"),
        ("pulls", {"duration_frames": -1}, "pulls.duration_frames"),
        ("pulls", {"frames": 3}, "pulls.frames is not known"),
        ("pulls", {"early_frames": -1}, "pulls.early_frames must be 0 or more"),
        ("pulls", {"easing": "slow"}, "pulls.easing must be one of linear, eased"),
        ("targets.1.until", 9, r"targets\[1\].until must be a frame after t=9"),
        ("targets.1.until", 9.5, r"targets\[1\].until must be a whole number"),
        ("targets.1.why", 3, r"targets\[1\].why must be a text"),
        ("aperture", 0, "aperture"),
        ("aperture", "f/2", "aperture"),
    ],
)
def test_wrong_fields_are_named(tmp_path, where, value, field):
    content = copy.deepcopy(PLAIN)
    *folders, last = where.split(".")
    into = content
    for name in folders:
        into = into[int(name) if name.isdigit() else name]
    into[int(last) if last.isdigit() else last] = value
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=rf"wrong\.json: {field}"):
        rackfocus.load_annotation(path)


@pytest.mark.parametrize("missing", ["version", "video", "video.frames", "targets.0.x"])
def test_missing_fields_are_named(tmp_path, missing):
    content = copy.deepcopy(PLAIN)
    *folders, last = missing.split(".")
    into = content
    for name in folders:
        into = into[int(name) if name.isdigit() else name]
    del into[last]
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=rf"wrong\.json: .*{last} is missing"):
        rackfocus.load_annotation(path)


def test_one_source_says_one_thing_of_a_frame():
    with pytest.raises(InputError, match=r"targets\[1\]\.t repeats frame 5 for user"):
        FocusAnnotation(VIDEO, (FocusTarget(5, 1.0, 1.0), FocusTarget(5, 2.0, 2.0)))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"null"])
def test_no_annotation(tmp_path, content):
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.json"):
        rackfocus.load_annotation(path)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(InputError, match=r"none\.json does not exist"):
        rackfocus.load_annotation(tmp_path / "none.json")
    with pytest.raises(InputError, match=r"a\.json cannot be written"):
        rackfocus.save_annotation(tmp_path / "none" / "a.json", FocusAnnotation(VIDEO))


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    rackfocus.save_annotation(path, FocusAnnotation(VIDEO))
    before = path.read_text()

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(InputError, match="No space left"):
        rackfocus.save_annotation(path, FocusAnnotation(VIDEO, TARGETS))
    assert path.read_text() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_the_identity_of_a_video(tmp_path):
    path = tmp_path / "b.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 32, 16, "yuv420p"
        for _ in range(4):
            picture = av.VideoFrame.from_ndarray(np.zeros((16, 32, 3), np.uint8), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    video = annotated_video(path)
    assert (video.name, video.width, video.height, video.frames, video.fps) == ("b.avi", 32, 16, 4, 25.0)
    assert len(video.sha256) == 64


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400])
def test_numbers_without_sense(tmp_path, value):
    path = tmp_path / "wrong.json"
    path.write_text(
        json.dumps(PLAIN | {"aperture": 7}).replace('"aperture": 7', f'"aperture": {json.dumps(value)}')
    )
    with pytest.raises(InputError, match=r"wrong\.json cannot be read as JSON \(.* number\)"):
        rackfocus.load_annotation(path)
