import numpy as np
import pytest

from rackfocus.focus.detectors import ClipWindow, Detector
from rackfocus.focus.detectors.fallback import FallbackDetector
from rackfocus.types import InputError


class Sees:
    """Sees a value all over each frame."""

    def __init__(self, values: list[float], lacks: str | None = None) -> None:
        self.values = values
        self.lacks = lacks
        self.asked = 0

    def __call__(self, window: ClipWindow) -> np.ndarray:
        self.asked += 1
        return np.broadcast_to(
            np.array(self.values, np.float32)[:, None, None], (len(self.values), *window.map_size)
        ).copy()

    def missing(self, window: ClipWindow) -> str | None:  # noqa: ARG002
        return self.lacks


def window(frames: int, cuts: tuple[int, ...] = ()) -> ClipWindow:
    is_cut = np.zeros(frames, bool)
    is_cut[list(cuts)] = True
    return ClipWindow(np.zeros((frames, 4, 6, 3), np.uint8), np.arange(frames) / 10, is_cut)


def test_the_first_that_sees_anything_counts() -> None:
    first, second, third = Sees([0.9, 0, 0, 0]), Sees([0.8, 0.8, 0, 0]), Sees([0.1] * 4)
    maps = FallbackDetector(detectors={"a": first, "b": second, "c": third}, absence_s=0.0)(window(4))
    np.testing.assert_allclose(maps[:, 0, 0], [0.9, 0.8, 0.1, 0.1], rtol=1e-6)


def test_a_short_absence_is_waited_for_but_not_across_a_cut() -> None:
    first, second = Sees([0.9, 0, 0, 0.9, 0, 0.9]), Sees([0.2] * 6)
    maps = FallbackDetector(detectors={"a": first, "b": second}, absence_s=0.5)(window(6, cuts=(4,)))
    np.testing.assert_allclose(maps[:, 0, 0], [0.9, 0, 0, 0.9, 0.2, 0.9], rtol=1e-6)


def test_nobody_is_asked_in_vain() -> None:
    second = Sees([0.2] * 3)
    FallbackDetector(detectors={"a": Sees([0.9] * 3), "b": second})(window(3))
    assert second.asked == 0


def test_it_lacks_what_its_last_detector_lacks() -> None:
    detect = FallbackDetector(detectors={"a": Sees([0.0], "no face"), "b": Sees([0.0], "no motion")})
    assert isinstance(detect, Detector)
    assert detect.missing(window(1)) == "no motion"


def test_none_is_too_few() -> None:
    with pytest.raises(InputError, match="at least one"):
        FallbackDetector(detectors={})
