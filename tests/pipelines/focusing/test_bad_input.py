"""The modes that have a name on videos that lack what they look for: focus in every frame, and a warning."""

from fractions import Fraction

import av
import numpy as np
import pytest

from rackfocus.pipelines.focusing.autofocus import autofocus

SIZE, RATE = (96, 64), 16_000
GROUND = np.random.default_rng(0).integers(60, 110, (SIZE[1], SIZE[0], 3)).astype(np.uint8)
PATCH = np.random.default_rng(1).integers(150, 255, (24, 16, 3)).astype(np.uint8)
OTHER = np.random.default_rng(2).integers(0, 60, (SIZE[1], SIZE[0], 3)).astype(np.uint8)
BLACK = np.zeros_like(GROUND)


def walker(x, ground=GROUND):
    """Somebody with the left side at `x`, as far as that is in the picture."""
    picture = ground.copy()
    columns = range(max(x, 0), min(x + 16, SIZE[0]))
    if columns:
        picture[20:44, columns.start : columns.stop] = PATCH[:, columns.start - x : columns.stop - x]
    return picture


VIDEOS = {
    "one frame": [GROUND],
    "all black": [BLACK] * 6,
    "a cut in the middle": [walker(10)] * 6 + [walker(70, OTHER)] * 6,
    "leaves and returns": [walker(x) for x in (*range(70, 120, 10), *[200] * 5, *range(110, 60, -10))],
}


def write(path, pictures, sound=None):
    """A video; with `sound`, of that level of noise."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=12, options={"crf": "10", "preset": "ultrafast"})
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        track = None if sound is None else container.add_stream("pcm_s16le", rate=RATE, layout="mono")
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
        if track is not None:
            noise = np.random.default_rng(0).normal(0, sound, (1, len(pictures) * RATE // 12))
            heard = av.AudioFrame.from_ndarray(noise.astype(np.int16), format="s16", layout="mono")
            heard.sample_rate, heard.pts, heard.time_base = RATE, 0, Fraction(1, RATE)
            for packet in (*track.encode(heard), *track.encode(None)):
                container.mux(packet)
    return path


def flat(index):  # noqa: ARG001
    return np.full((16, 24), 2.0, np.float32)


def checked(path, mode, frames, disparity=flat):
    track = autofocus(path, mode, disparity=disparity)
    assert track.points.shape == (frames, 2)
    assert track.focal_disparity.shape == track.confidence.shape == (frames,)
    assert np.isfinite(track.points).all()
    np.testing.assert_allclose(track.focal_disparity, 2.0)
    assert track.targets[0].t == 0
    return track


@pytest.mark.parametrize("mode", ["action", "conversation", "general"])
@pytest.mark.parametrize("kind", VIDEOS)
def test_every_frame_has_focus_in_every_mode(tmp_path, kind, mode):
    pictures = VIDEOS[kind]
    track = checked(write(tmp_path / "v.mkv", pictures), mode, len(pictures))
    told = " ".join(track.warnings)
    if mode == "conversation":
        assert "has no sound" in told
        assert "it looked for faces instead" in told
        assert "Nothing to focus on" in told
    if kind == "all black" or (mode == "action" and kind == "one frame"):
        assert "Nothing to focus on" in told
    if kind == "a cut in the middle":
        assert 6 in [target.t for target in track.targets]


@pytest.mark.parametrize(("level", "says"), [(0.0, "sound is silent"), (300.0, "o voice was heard")])
def test_sound_in_which_nobody_speaks(tmp_path, level, says):
    pictures = VIDEOS["a cut in the middle"]
    track = checked(write(tmp_path / "v.mkv", pictures, sound=level), "conversation", len(pictures))
    assert any(says in each for each in track.warnings)


def test_a_further_look_works_out_no_disparity(tmp_path):
    asked = []

    def counted(index):
        asked.append(index)
        return flat(index)

    checked(write(tmp_path / "v.mkv", VIDEOS["all black"]), "conversation", 6, disparity=counted)
    assert asked == list(range(6))
