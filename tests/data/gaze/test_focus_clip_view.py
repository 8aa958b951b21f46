import pytest
import torch

from rackfocus.data.gaze.focus_clip import FocusClip
from rackfocus.data.gaze.focus_clip_view import RandomClipView
from rackfocus.types import FocusTarget, InputError

HEIGHT, WIDTH = 40, 60


def clip(frames=40, targets=((9, 20, 15), (25, 45, 22))):
    """A bright spot of three pixels on grey, where the next target is; the region is on it."""
    pictures = torch.full((frames, 3, HEIGHT, WIDTH), 0.2)
    regions = torch.zeros(frames, 1, HEIGHT, WIDTH)
    for t in range(frames):
        _, x, y = next((each for each in targets if each[0] >= t), targets[-1])
        pictures[t, :, y - 1 : y + 2, x - 1 : x + 2] = 0.9
        regions[t, :, y - 1 : y + 2, x - 1 : x + 2] = 1 / 9
    return FocusClip(
        name="spot/000000",
        frames=pictures,
        frame_indices=tuple(range(0, 5 * frames, 5)),
        times_s=tuple(t / 6 for t in range(frames)),
        source_size=(HEIGHT, WIDTH),
        focus_regions=regions,
        targets=tuple(FocusTarget(t, x, y) for t, x, y in targets),
    )


def views(count, **settings):
    view = RandomClipView(**{"frames": 20, "height_px": 32, "width_px": 48} | settings)
    return [view(clip(), torch.Generator().manual_seed(seed)) for seed in range(count)]


def test_what_is_bright_stays_under_its_target_and_its_region():
    made = views(30, fast_share=0.0)
    assert sum(len(view.targets) for view in made) > 10
    for view in made:
        assert view.frames.shape == (20, 3, 32, 48)
        assert view.focus_regions.shape == (20, 1, 32, 48)
        for target in view.targets:
            picture = view.frames[target.t].mean(0)
            y, x = divmod(int(picture.argmax()), 48)
            assert abs(x - target.x) <= 2
            assert abs(y - target.y) <= 2
            region = view.focus_regions[target.t, 0]
            if region.sum() > 0:
                assert picture[region > 0.5 * region.max()].mean() > picture.mean() + 0.1
        sums = view.focus_regions.sum((1, 2, 3))
        assert ((sums == 0) | (sums - 1).abs().lt(1e-4)).all()


def test_time_runs_forwards_and_fast_views_take_half_of_it():
    for view in views(10, fast_share=0.0):
        assert all(b - a == 5 for a, b in zip(view.frame_indices, view.frame_indices[1:], strict=False))
    for view in views(10, fast_share=1.0):
        assert all(b - a == 10 for a, b in zip(view.frame_indices, view.frame_indices[1:], strict=False))
        assert view.times_s[1] == pytest.approx(1 / 6)
        for target in view.targets:
            # The spot jumps in the frame after the target: it is still there, and gone two frames later.
            assert view.frame_indices[target.t] // 5 - 9 in (0, 1) or view.frame_indices[
                target.t
            ] // 5 - 25 in (0, 1)


def test_views_differ_and_are_decided_by_the_generator():
    one, other = views(2), views(2)
    assert torch.equal(one[1].frames, other[1].frames)
    assert not torch.equal(one[0].frames, one[1].frames)


def test_the_last_frame_of_a_short_clip_stays():
    view = RandomClipView(frames=20, height_px=32, width_px=48, fast_share=1.0, largest_zoom=1.0)
    made = view(clip(6, targets=((3, 20, 15),)), torch.Generator().manual_seed(1))
    assert made.frame_indices[5:] == (25,) * 15
    assert [target.t for target in made.targets] == [3]
    assert torch.equal(made.times_s[-1:] and torch.tensor(made.times_s), torch.arange(20) / 6)


def test_what_nobody_knows_stays_unknown():
    import dataclasses

    blind = dataclasses.replace(clip(), targets=None, focus_regions=None)
    made = RandomClipView()(blind, torch.Generator().manual_seed(1))
    assert made.targets is None
    assert made.focus_regions is None


@pytest.mark.parametrize(
    ("setting", "value"), [("frames", 0), ("height_px", 0), ("largest_zoom", 0.5), ("fast_share", 2)]
)
def test_a_bad_setting_is_one_sentence(setting, value):
    with pytest.raises(InputError, match=setting):
        RandomClipView(**{setting: value})
