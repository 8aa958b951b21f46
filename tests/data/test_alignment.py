"""Shifts, scales and gains put in by the test are found again, on made and on real photographs."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from rackfocus.data import alignment
from rackfocus.data.alignment import AlignmentError
from rackfocus.data.apertures.manifest import Photograph
from rackfocus.data.preparation.captures import Limits, judge, read_linear
from rackfocus.data.preparation.exposure_gain import measure_gain
from rackfocus.optics.radiometry import linear_to_srgb
from rackfocus.types import InputError

SIZE = (384, 512)


def texture(seed: int = 0) -> np.ndarray:
    """Grey in 0.25..0.75 with detail some pixels wide."""
    rng = np.random.default_rng(seed)
    noise = sum(cv2.GaussianBlur(rng.normal(size=SIZE), (0, 0), sigma) * sigma for sigma in (1.3, 3.0, 9.0))
    return np.clip(0.5 + 0.12 * noise / noise.std(), 0.25, 0.75).astype(np.float32)


def shot_of(deep: np.ndarray, warp: np.ndarray) -> np.ndarray:
    """A shot with the warp: what the deep picture shows at x, it shows at warp(x)."""
    return cv2.warpAffine(deep, warp, SIZE[::-1], flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


def defocused_right(picture: np.ndarray, moved_px: int = 0) -> np.ndarray:
    """The right 60 % blurred by a disk of 6 px, and moved: the part that must not be looked at."""
    y, x = np.mgrid[-6:7, -6:7]
    disk = (np.hypot(x, y) <= 6).astype(np.float32)
    blurred = np.roll(cv2.filter2D(picture, -1, disk / disk.sum()), moved_px, axis=1)
    left = (np.arange(SIZE[1]) < 0.4 * SIZE[1])[None]
    return np.where(left, picture, blurred).astype(np.float32)


@pytest.mark.parametrize("shift", [(0.0, 0.0), (7.6, -3.3), (-0.45, 0.3)])
def test_a_shift_is_found_in_spite_of_a_blurred_part_that_moves_otherwise(shift):
    deep = texture()
    warp = np.array([[1, 0, shift[0]], [0, 1, shift[1]]])
    shot = defocused_right(shot_of(deep, warp), moved_px=3)
    found = alignment.find_warp(deep, shot)
    np.testing.assert_allclose(found, warp, atol=0.1)


def test_breathing_is_found():
    centre = np.array([SIZE[1] - 1, SIZE[0] - 1]) / 2
    warp = np.concatenate([1.02 * np.eye(2), ((1 - 1.02) * centre + [2, 1])[:, None]], axis=1)
    deep = texture()
    found = alignment.find_warp(deep, shot_of(deep, warp))
    corners = np.array([[0, 0, 1], [SIZE[1] - 1, 0, 1], [0, SIZE[0] - 1, 1], [SIZE[1] - 1, SIZE[0] - 1, 1]])
    np.testing.assert_allclose(corners @ found.T, corners @ warp.T, atol=0.15)


def test_the_mask_is_what_is_sharp_in_both():
    deep = texture()
    mask = alignment.in_focus_mask(deep, defocused_right(deep))
    assert mask[:, 20 : int(0.36 * SIZE[1])].mean() > 0.9
    assert mask[:, int(0.45 * SIZE[1]) :].mean() < 0.01


def test_noise_that_is_as_strong_in_both_is_not_in_focus():
    rng = np.random.default_rng(1)
    noise = [(0.5 + 0.03 * rng.normal(size=SIZE)).astype(np.float32) for _ in range(2)]
    assert alignment.in_focus_mask(*noise).mean() < 0.01
    with pytest.raises(AlignmentError, match="nothing"):
        alignment.find_warp(*noise)


def test_tiles_measure_what_a_brute_force_search_finds():
    deep = texture(3)
    shot = np.roll(deep, (4, -6), axis=(0, 1))
    tiles = alignment.tile_shifts(deep, shot)
    candidates = [(x, y) for x in range(-8, 9) for y in range(-8, 9)]
    inner = np.s_[16:-16, 16:-16]
    best = min(
        candidates,
        key=lambda xy: np.square(np.roll(shot, (-xy[1], -xy[0]), axis=(0, 1))[inner] - deep[inner]).sum(),
    )
    assert best == (-6, 4)
    np.testing.assert_allclose(np.median(tiles.vectors_px, axis=0), best, atol=0.1)
    assert tiles.median_px == pytest.approx(np.hypot(6, 4), abs=0.1)
    assert (tiles.share_beyond(5), tiles.share_beyond(9)) == (1.0, 0.0)


def test_parallel_edges_tell_the_shift_across_them_only():
    stripes = np.repeat(texture()[:1], SIZE[0], 0)
    tiles = alignment.tile_shifts(stripes, np.roll(stripes, 3, axis=1))
    assert tiles.count > 10
    np.testing.assert_allclose(tiles.vectors_px, np.tile([3.0, 0.0], (tiles.count, 1)), atol=0.15)
    across = alignment._only_direction(stripes, np.ones(SIZE, np.float32))
    np.testing.assert_allclose(np.abs(across), [1, 0], atol=1e-3)
    assert alignment._only_direction(texture(), np.ones(SIZE, np.float32)) is None


def test_the_same_warp_at_another_size():
    warp = np.array([[1.1, 0.02, 5.0], [-0.01, 0.9, -3.0]])
    small = alignment._rescaled(warp, 0.5)
    place = np.array([40.0, 22.0])
    there = warp[:, :2] @ place + warp[:, 2]
    halved = small[:, :2] @ ((place + 0.5) / 2 - 0.5) + small[:, 2]
    np.testing.assert_allclose(halved, (there + 0.5) / 2 - 0.5)
    np.testing.assert_allclose(alignment._rescaled(small, 2.0), warp)


def test_the_gain_is_the_median_and_leaves_clipped_and_dark_pixels_out():
    deep = 0.05 + 0.3 * texture()
    shot = 2.5 * deep
    shot[:40] = 1.0  # clipped in the shot
    deep[-40:] = shot[-40:] = 0.001  # dark, and so without meaning
    corner = np.hypot(*(np.indices(SIZE) - np.array(SIZE)[:, None, None] / 2)) / np.hypot(*SIZE) * 2
    shot = (shot * np.where(corner > 0.7, 0.6, 1.0)).astype(np.float32)  # vignetting
    encoded = tuple(linear_to_srgb(torch.from_numpy(p)).clamp(0, 1).numpy() for p in (deep, shot))
    gain = measure_gain(deep, shot, np.ones(SIZE, bool), encoded)
    assert gain.value == pytest.approx(2.5, rel=0.01)
    assert 1 <= gain.spread < 1.1
    assert measure_gain(deep, shot, np.zeros(SIZE, bool), encoded) is None


def save(path: Path, linear: np.ndarray) -> Photograph:
    encoded = linear_to_srgb(torch.from_numpy(np.clip(linear, 0, 1).astype(np.float32))).numpy()
    assert cv2.imwrite(str(path), np.round(np.clip(encoded, 0, 1) * 255).astype(np.uint8)[..., ::-1])
    return Photograph(path)


def colour(grey: np.ndarray) -> np.ndarray:
    return np.repeat(grey[..., None], 3, 2)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda p: 0.1 * p, "exposure is 0.10 times"),
        (lambda p: np.where(np.arange(SIZE[1])[None, :, None] < 256, 0.4, 1.3) * p, "no one factor"),
        (lambda p: np.where(np.arange(SIZE[1])[None, :, None] < 300, p, np.roll(p, 7, axis=0)), "px off"),
        (lambda p: cv2.GaussianBlur(p, (0, 0), 6), "in focus"),
    ],
)
def test_rejections_have_a_reason(tmp_path, change, says):
    linear = colour(texture() ** 2)
    deep = save(tmp_path / "deep.png", linear)
    judged, _ = judge(deep, save(tmp_path / "shot.png", change(linear)), Limits())
    assert says in judged.reason


def test_photographs_that_do_not_belong_together_are_named(tmp_path):
    deep = save(tmp_path / "deep.png", colour(texture()))
    with pytest.raises(InputError, match=r"shot\.png is 300x384 pixels where .*deep\.png is 512x384"):
        judge(deep, save(tmp_path / "shot.png", colour(texture())[:, :300]), Limits())
    with pytest.raises(InputError, match=r"none\.png is missing"):
        judge(deep, Photograph(tmp_path / "none.png"), Limits())


@pytest.mark.parametrize(
    ("scene", "f_number", "shift", "gain"),
    [
        ("0001", "1.8", (5.3, -2.7), 1.6),
        pytest.param("0002", "2.8", (-8.0, 3.4), 1.05, marks=pytest.mark.slow),
        pytest.param("0099", "8", (3.6, 6.1), 3.2, marks=pytest.mark.slow),
    ],
)
def test_vabd_with_a_known_shift_and_gain(shared, tmp_path, scene, f_number, shift, gain):
    folder = shared / "data" / "aperture" / "vabd"
    deep, shot = (Photograph(folder / f"{scene}_f{number}.jpg") for number in ("16", f_number))
    as_it_is, _ = judge(deep, shot, Limits())
    factor = gain / as_it_is.gain.value
    warp = np.array([[1, 0, shift[0]], [0, 1, shift[1]]])
    linear = read_linear(shot.file)
    moved = cv2.warpAffine(linear, warp, linear.shape[1::-1], flags=cv2.INTER_CUBIC)
    judged, _ = judge(deep, save(tmp_path / "copy.png", factor * moved), Limits())
    assert as_it_is.reason is None
    assert judged.reason is None
    assert judged.gain.value == pytest.approx(gain, rel=0.05)
    there = np.array(judged.shot.warp)[:, 2] - np.array(as_it_is.shot.warp)[:, 2]
    np.testing.assert_allclose(there, shift, atol=0.25)
    assert judged.before.median_px == pytest.approx(np.hypot(*shift), abs=0.6)


def test_ebb_4545_is_brought_under_half_a_pixel_or_rejected(shared):
    folder = shared / "data" / "aperture" / "ebb"
    judged, _ = judge(Photograph(folder / "4545_f16.jpg"), Photograph(folder / "4545_f1.8.jpg"), Limits())
    assert judged.before.median_px == pytest.approx(8, abs=0.7)
    assert judged.shot.warp[0][2] == pytest.approx(-8, abs=0.7)
    assert judged.reason is not None or judged.after.median_px < 0.5
