"""`refocus` and `autofocus` find the same."""

import numpy as np
from PIL import Image

from rackfocus.focus.scene_specific import SceneSpecific
from rackfocus.pipelines.estimates import VideoEstimates
from rackfocus.pipelines.focusing.autofocus import autofocus
from rackfocus.pipelines.focusing.search import FocusSearch
from rackfocus.pipelines.kept_estimates import KeptEstimates
from rackfocus.video import open_video
from rackfocus.video.stabilizer.look_ahead import look_ahead_stabilizer

SIZE = 704, 96
"""Larger than the frames that detectors see."""


class Bright:
    """Sees what is bright."""

    def __call__(self, window):
        rows, columns = window.map_size
        step = window.frames.shape[1] // rows
        return (window.frames[:, ::step, ::step].min(axis=3) > 200).astype(np.float32)[:, :rows, :columns]

    def missing(self, window):  # noqa: ARG002
        return None


def test_the_same_track_to_the_bit(tmp_path, tiny_network):
    random = np.random.default_rng(2)
    ground = random.integers(20, 110, (SIZE[1], SIZE[0], 3))
    (tmp_path / "video").mkdir()
    for index in range(10):
        shown = ground + random.integers(-3, 4, ground.shape)
        shown[10:38, 60 + 40 * index :][:, :40] += 140
        Image.fromarray(shown.clip(0, 255).astype(np.uint8)).save(tmp_path / f"video/{index}.png")
    scene = SceneSpecific({"bright": Bright()})
    search = FocusSearch((), scene, None, None, None)
    with open_video(tmp_path / "video") as reader:
        estimates = VideoEstimates(reader, tiny_network, look_ahead_stabilizer(), 384, SIZE)
        with KeptEstimates(tmp_path / "o.mp4", SIZE, "job") as kept:
            search.estimate(kept, estimates, None)
            rendered = search.track(reader, kept, None)
    alone = autofocus(tmp_path / "video", scene, model=tiny_network)
    assert np.ptp(alone.focal_disparity) > 0
    assert alone.targets == rendered.targets
    np.testing.assert_array_equal(alone.focal_disparity, rendered.focal_disparity)
    np.testing.assert_array_equal(alone.points, rendered.points)
