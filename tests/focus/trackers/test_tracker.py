"""Following a textured subject over a textured ground: near, out of the frame, hidden, across a cut."""

import copy

import cv2
import numpy as np
import pytest

from rackfocus import InputError
from rackfocus.focus.trackers.opencv import CSRT, KCF, Nano
from rackfocus.focus.trackers.recovering import RecoveringTracker
from rackfocus.focus.trackers.subject_look import SubjectAppearance
from rackfocus.focus.trackers.tracker import Recogniser, Tracked, Tracker, rectangle

HEIGHT, WIDTH, SIZE = 120, 200, 30


def texture(seed, height, width, tint):
    random = np.random.default_rng(seed)
    rough = cv2.resize(random.normal(0, 1, (height // 5, width // 5)), (width, height))
    return np.clip(128 + 50 * rough[..., None] + np.array(tint), 0, 255).astype(np.uint8)


GROUND = texture(0, HEIGHT, WIDTH, (-60, 20, 40))
SUBJECT = texture(1, SIZE, SIZE, (60, -30, -60))


def shown(x, y, ground=GROUND):
    """The subject with its corner at (x, y), as far as it is in the frame; none leaves the ground."""
    image = ground.copy()
    if x is not None:
        rows, columns = np.arange(SIZE) + y, np.arange(SIZE) + x
        inside = ((rows >= 0) & (rows < HEIGHT))[:, None] & ((columns >= 0) & (columns < WIDTH))
        r, c = np.nonzero(inside)
        image[rows[r], columns[c]] = SUBJECT[r, c]
    return image


def started(tracker, x=60, y=40):
    tracker.start(shown(x, y), (x, y, x + SIZE, y + SIZE))
    return tracker


@pytest.mark.parametrize("make", [KCF, CSRT])
def test_a_subject_is_followed(make):
    tracker = started(RecoveringTracker(make()))
    assert isinstance(tracker, Tracker)
    assert isinstance(tracker.tracker, Tracker)
    for step in range(1, 6):
        tracked = tracker.follow(shown(60 + 4 * step, 40 + 2 * step))
    assert tracked.box == pytest.approx((80, 50, 110, 80), abs=4)
    assert tracked.confidence > 0.5


def test_nanotrack_follows(shared, monkeypatch):
    monkeypatch.setenv("RACKFOCUS_WEIGHTS", str(shared / "weights"))
    tracker = started(Nano())
    for step in range(1, 6):
        tracked = tracker.follow(shown(60 + 3 * step, 40))
    assert tracked.box == pytest.approx((75, 40, 105, 70), abs=8)
    assert 0 < tracked.confidence <= 1


def test_nanotrack_says_when_its_subject_is_gone_and_recognises_it_elsewhere(shared, monkeypatch):
    monkeypatch.setenv("RACKFOCUS_WEIGHTS", str(shared / "weights"))
    tracker = started(RecoveringTracker(Nano()))
    assert isinstance(tracker.tracker, Recogniser)
    assert tracker.follow(shown(62, 40)).confidence > 0.9
    gone = [tracker.follow(shown(None, None)) for _ in range(8)]
    assert {each.confidence for each in gone} == {0}
    assert {each.box for each in gone} == {gone[0].box}
    assert gone[0].box == pytest.approx((62, 40, 92, 70), abs=8)
    back = [tracker.follow(shown(140, 75)) for _ in range(8)][-1]
    assert back.confidence > 0.9
    assert back.box == pytest.approx((140, 75, 170, 105), abs=8)


def test_what_a_tracker_does_not_recognise_is_not_found_and_a_bad_frame_is_no_loss():
    class Particular(KCF):
        follows = recognises = True

        def follow(self, image, *, is_cut=False):
            tracked = super().follow(image, is_cut=is_cut)
            return tracked if self.follows else Tracked(tracked.box, 0.0)

        def recognise(self, image, box):  # noqa: ARG002
            return Tracked(box, 0.7 * self.recognises)

        resume = KCF.start

    tracker = started(RecoveringTracker(Particular(), patience_frames=2))
    assert tracker.follow(shown(62, 40)).confidence == 1
    tracker.tracker.follows = tracker.tracker.recognises = False
    assert tracker.follow(shown(64, 40)) == Tracked((62, 40, 92, 70), 0.0)
    tracker.tracker.follows = True
    assert tracker.follow(shown(66, 40)) == Tracked((66, 40, 96, 70), 1.0)
    tracker.tracker.follows = False
    assert [tracker.follow(shown(66, 40)).confidence for _ in range(6)] == 6 * [0]
    tracker.tracker.recognises = True
    assert tracker.follow(shown(66, 40)).confidence == 0.7
    # Recognised, but not alike.
    assert [tracker.follow(GROUND).confidence for _ in range(6)] == 6 * [0]


def test_nanotrack_needs_its_own_files(tmp_path):
    for name in ("a.onnx", "b.onnx"):
        (tmp_path / name).write_bytes(b"no network")
    with pytest.raises(InputError, match="cannot be read as NanoTrack's"):
        Nano(backbone=tmp_path / "a.onnx", head=tmp_path / "b.onnx")


def test_a_jump_is_followed_by_looking_around():
    tracker = started(RecoveringTracker(KCF()))
    box = [tracker.follow(shown(95, 40)) for _ in range(8)][-1].box
    assert box == pytest.approx((95, 40, 125, 70), abs=3)


def test_a_subject_that_leaves_is_lost_and_found_when_it_returns():
    tracker = started(RecoveringTracker(KCF()), x=20)
    for x in range(10, -45, -10):
        tracked = tracker.follow(shown(x, 40))
    confidence = [tracker.follow(shown(None, None)).confidence for _ in range(7)]
    assert confidence[-1] == 0
    gone = tracker.follow(shown(None, None))
    assert gone.box[0] <= 5
    for x in (-10, 0, 6, 6, 6):
        tracked = tracker.follow(shown(x, 40))
    assert tracked.confidence > 0.4
    assert tracked.box == pytest.approx((6, 40, 36, 70), abs=4)


def test_a_cut_to_another_scene_and_back():
    tracker = started(RecoveringTracker(KCF()))
    elsewhere = texture(7, HEIGHT, WIDTH, (20, 40, -40))
    lost = tracker.follow(elsewhere, is_cut=True)
    assert lost == Tracked((60, 40, 90, 70), 0.0)
    back = tracker.follow(shown(150, 70), is_cut=True)
    assert back.box == pytest.approx((150, 70, 180, 100), abs=3)
    assert KCF().follow(GROUND, is_cut=True).confidence == 0


def test_what_it_slides_onto_is_not_the_subject():
    class Frozen(KCF):
        def follow(self, image, *, is_cut=False):  # noqa: ARG002
            return Tracked(self._box, 1.0)

    tracker = started(RecoveringTracker(Frozen()))
    seen = [tracker.follow(shown(130, 80)).confidence for _ in range(12)]
    assert seen[4] == pytest.approx(0.01, abs=0.15)
    assert seen[-1] > 0.5
    assert tracker.follow(shown(130, 80)).box == pytest.approx((130, 80, 160, 110), abs=3)


@pytest.mark.parametrize("make", [KCF, Nano])
def test_black_frames_and_odd_boxes(make, shared, monkeypatch):
    monkeypatch.setenv("RACKFOCUS_WEIGHTS", str(shared / "weights"))
    black = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for box in ((-50.0, -50.0, -20.0, -20.0), (0.0, 0.0, 0.3, 0.3), (190.0, 5.0, 230.0, 9.0)):  # fmt: skip
        for first, second in ((black, GROUND), (GROUND, black)):
            tracker = RecoveringTracker(make(), patience_frames=0)
            tracker.start(first, box)
            for is_cut in (False, True):
                left, top, right, bottom = tracker.follow(second, is_cut=is_cut).box
                assert left < right
                assert top < bottom


def test_a_tracker_is_copied_before_it_starts():
    one = RecoveringTracker(KCF())
    other = copy.deepcopy(one)
    started(one)
    assert other._look is None
    started(other)


def test_rectangles_are_whole_and_inside():
    assert rectangle((3.2, 4.9, 30.1, 40.0), GROUND) == (3, 5, 27, 35)
    assert rectangle((-20.0, -20.0, -5.0, 500.0), GROUND) == (0, 0, 8, 120)
    assert rectangle((199.0, 60.0, 199.5, 60.5), GROUND) == (192, 56, 8, 8)


def test_likeness():
    look = SubjectAppearance(shown(60, 40), (60, 40, 90, 70))
    assert look.likeness(shown(20, 80), (20, 80, 50, 110)) == pytest.approx(1, abs=0.02)
    assert look.likeness(shown(20, 80), (60, 40, 90, 70)) < 0.15


def test_only_what_resembles_the_first_picture_is_learned():
    look, box = SubjectAppearance(shown(60, 40), (60, 40, 90, 70)), (60, 40, 90, 70)
    first = look.pictures[0].copy()
    look.learn(GROUND, box)
    np.testing.assert_array_equal(look.pictures[1], first)
    darker = (shown(60, 40) // 2).astype(np.uint8)
    look.learn(darker, box)
    np.testing.assert_allclose(look.pictures[1], 0.95 * first, atol=0.11)
    np.testing.assert_array_equal(look.pictures[0], first)
