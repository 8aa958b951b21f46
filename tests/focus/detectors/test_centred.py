import numpy as np
import pytest

from rackfocus.focus.detectors import ClipWindow, Detector
from rackfocus.focus.detectors.centred import CentrePriorDetector


class Everywhere:
    def __call__(self, window: ClipWindow) -> np.ndarray:
        return np.ones((len(window.frames), *window.map_size), np.float32)

    def missing(self, window: ClipWindow) -> str | None:  # noqa: ARG002
        return "nothing"


def test_it_is_less_by_a_gaussian_away_from_the_centre() -> None:
    window = ClipWindow(np.zeros((2, 81, 121, 3), np.uint8), np.arange(2) / 25, np.zeros(2, bool))
    detect = CentrePriorDetector(detector=Everywhere(), spread=0.25)
    maps = detect(window)
    assert isinstance(detect, Detector)
    assert maps.dtype == np.float32
    assert maps[0, 40, 60] == 1
    assert maps[1, 40, 0] == pytest.approx(np.exp(-0.5 * ((60 / 121) / 0.25) ** 2), rel=1e-5)
    np.testing.assert_allclose(maps, maps[:, ::-1, ::-1], rtol=1e-6)
    assert detect.missing(window) == "nothing"
