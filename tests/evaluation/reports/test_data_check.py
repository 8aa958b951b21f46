import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from rackfocus.evaluation.reports.contact_sheet import draw_contact_sheet, sheet_row
from rackfocus.evaluation.reports.data_check import FieldSummary, check_split
from rackfocus.evaluation.reports.field_pictures import Kind, field_picture, kind_of
from rackfocus.types import InputError


@dataclass(frozen=True)
class Anything:
    name: str
    image: Tensor
    frames: Tensor
    disparity: Tensor
    depth: Tensor
    radiance: Tensor
    flow: Tensor
    mask: Tensor
    ratio: float
    count: int
    is_night: bool
    size: tuple[int, int]
    truth: Tensor | None = None


def anything(index):
    generator = torch.Generator().manual_seed(index)

    def noise(*shape):
        return torch.rand(*shape, generator=generator)

    depth = 1 + noise(1, 30, 40)
    depth[0, 0, 0] = math.inf
    return Anything(
        name=f"scene {index}",
        image=noise(3, 30, 40 + index),
        frames=noise(5, 3, 12, 16),
        disparity=8 * noise(1, 30, 40) - 4,
        depth=depth,
        radiance=3000 * noise(3, 30, 40),
        flow=noise(2, 30, 40) - 0.5,
        mask=noise(1, 30, 40) > 0.5,
        ratio=0.5 * index,
        count=index,
        is_night=index == 1,
        size=(3, 4),
        truth=noise(1, 30, 40) if index == 0 else None,
    )


class Samples(Dataset):
    def __init__(self, count=4, broken=()):
        self.count = count
        self.broken = broken

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        if index in self.broken:
            raise InputError(f"folder/{index}.png is damaged.")
        return anything(index)


def test_ranges_are_those_of_all_samples():
    found = check_split(Samples(4), shown=2, skip_broken=False)
    assert found.count == 4
    assert found.broken == ()
    images = torch.cat([anything(index).image.flatten() for index in range(4)])
    image = found.fields["image"]
    assert (image.least, image.most) == (float(images.min()), float(images.max()))
    assert image.mean == pytest.approx(float(images.double().mean()), rel=1e-9)
    assert image.size == "3 x 30 x 40..43"
    assert found.fields["frames"].size == "5 x 3 x 12 x 16"
    assert found.fields["ratio"].size == "number"
    assert found.fields["ratio"].mean == pytest.approx(0.75)
    assert found.fields["count"].most == 3
    assert found.fields["is_night"].mean == 0.25
    assert found.fields["mask"].most == 1
    assert found.fields["truth"].samples == 1
    assert set(found.fields) == set(Anything.__dataclass_fields__) - {"name", "size"}


def test_what_is_not_finite_is_told_apart():
    depth = check_split(Samples(3), shown=1, skip_broken=False).fields["depth"]
    assert depth.odd_values == 3
    assert 1 <= depth.least <= depth.mean <= depth.most <= 2
    nothing = FieldSummary()
    nothing.add(torch.full((1, 2, 2), math.nan))
    assert math.isnan(nothing.mean)
    assert nothing.odd_values == 4


@pytest.mark.parametrize("shown", [1, 2, 3, 7, 30])
def test_the_sheet_shows_samples_from_first_to_last(shown):
    rows = check_split(Samples(7), shown=shown, skip_broken=False).rows
    names = [row.title.split("  ")[0] for row in rows]
    assert len(set(names)) == len(names) == min(shown, 7)
    assert names[0] == "scene 0"
    assert shown == 1 or names[-1] == "scene 6"


def test_broken_files():
    with pytest.raises(InputError, match=r"folder/2\.png"):
        check_split(Samples(5, broken={2}), shown=2, skip_broken=False)
    steps = []
    found = check_split(
        Samples(5, broken={0, 2}), shown=2, skip_broken=True, progress=lambda *step: steps.append(step)
    )
    assert found.broken == ("folder/0.png is damaged.", "folder/2.png is damaged.")
    assert found.fields["image"].samples == 3
    assert [row.title.split("  ")[0] for row in found.rows] == ["scene 1", "scene 4"]
    assert steps == [(done, 5) for done in range(1, 6)]
    assert check_split(Samples(2, broken={0, 1}), shown=2, skip_broken=True).rows == ()


def test_only_mistakes_in_the_data_are_skipped():
    class Wrong(Samples):
        def __getitem__(self, index):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        check_split(Wrong(), shown=1, skip_broken=True)


def test_the_sheet_holds_every_field(tmp_path):
    row = sheet_row(anything(0))
    assert set(row.tiles) == {"image", "frames", "disparity", "depth", "radiance", "flow", "mask", "truth"}
    assert row.tiles["frames"].frames == (0, 2, 4)
    assert "ratio 0" in row.title
    path = tmp_path / "sheet.png"
    draw_contact_sheet([row, sheet_row(anything(1))], path)
    pixels = np.asarray(Image.open(path))
    assert pixels.shape[0] > 2 * 180
    assert pixels.shape[1] > 8 * 180


def test_a_sheet_of_samples_without_pictures(tmp_path):
    @dataclass(frozen=True)
    class Plain:
        name: str
        score: float

    draw_contact_sheet([sheet_row(Plain("one", 2.0))], tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").is_file()


@pytest.mark.parametrize(
    ("name", "channels", "least", "most", "kind"),
    [
        ("deep", 3, 0, 1, Kind.ENCODED),
        ("frames", 3, 0, 1, Kind.ENCODED),
        ("shallow", 3, 0, 1, Kind.LINEAR),
        ("adjusted", 3, 0, 1, Kind.LINEAR),
        ("target", 3, 0, 90, Kind.LINEAR),
        ("disparity", 1, -2, 3, Kind.SIGNED),
        ("disparity", 1, 1, 3, Kind.POSITIVE),
        ("depth", 1, 1, 3, Kind.DISTANCE),
        ("fixation_maps", 1, 0, 1, Kind.MAP),
        ("forward", 2, -2, 3, Kind.FLOW),
    ],
)
def test_fields_are_told_apart(name, channels, least, most, kind):
    assert kind_of(name, channels, least, most) is kind


def drawn(kind, values):
    values = torch.as_tensor(values, dtype=torch.float32)
    pixels, note = field_picture(kind, values, least=float(values.min()), most=float(values.max()))
    return pixels[0], note


def test_light():
    middle = torch.full((1, 3, 2, 2), 0.5)
    assert drawn(Kind.ENCODED, middle)[0][0, 0].tolist() == [128] * 3
    assert drawn(Kind.LINEAR, middle)[0][0, 0].tolist() == [188] * 3  # linear_to_srgb(0.5) = 0.7354
    assert drawn(Kind.LINEAR, middle)[1] == ""
    bright, note = drawn(Kind.LINEAR, 1000 * middle)
    assert bright[0, 0].tolist() == [118] * 3  # middle grey
    assert "0.00036 times" in note
    assert drawn(Kind.LINEAR, 0 * middle)[0].max() == 0


def test_signed_maps_are_centred_at_zero():
    pixels, _ = drawn(Kind.SIGNED, [[[[-4.0, 0.0, 4.0, 1.0]]]])
    front, focus, behind, _ = pixels[0].astype(int)
    assert front[0] > front[1] + 50
    assert focus[1] > max(focus[0], focus[2])
    assert behind[2] >= behind[1]


def test_near_is_bright_and_maps_fill_the_range():
    near, far = drawn(Kind.DISTANCE, [[[[1.0, 10.0]]]])[0][0].astype(int).sum(-1)
    assert near > far
    assert drawn(Kind.MAP, [[[[0.0, 1e-5]]]])[0][0].tolist() == [[0] * 3, [255] * 3]
    assert drawn(Kind.MAP, [[[[0.0, 1.0]]]])[0][0].tolist() == [[0] * 3, [255] * 3]
    low, high = drawn(Kind.POSITIVE, [[[[0.0, 50.0]]]])[0][0].astype(int).sum(-1)
    assert high > low


def test_unknown_distances_are_black_and_do_not_mix_with_the_known():
    @dataclass(frozen=True)
    class Scene:
        name: str
        depth: Tensor

    depth = torch.full((1, 400, 600), 2.0)
    depth[:, ::2, ::3] = 0
    tile = sheet_row(Scene("room", depth)).tiles["depth"]
    assert set(tile.values.flatten().tolist()) == {0.0, 2.0}
    unknown, known = drawn(Kind.DISTANCE, [[[[0.0, 2.0]]]])[0][0].astype(int).sum(-1)
    assert unknown < 20 < known


def test_the_flow_wheel():
    right, still, left = drawn(Kind.FLOW, [[[[5.0, 0.0, -5.0]], [[0.0, 0.0, 0.0]]]])[0][0].tolist()
    assert still == [255, 255, 255]
    assert right[0] == 255
    assert right[1] < 10
    assert left[0] < 10
    assert left[1] > 240
    assert left[2] > 240
