"""Evaluation on photographs of real apertures: renders after a search for aperture and focus."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.data import Dataset

from rackfocus.data.apertures.aperture import aperture_scenes
from rackfocus.data.apertures.manifest import Item, Photograph
from rackfocus.data.apertures.photographs import load_item
from rackfocus.data.apertures.sample import FocusSample
from rackfocus.data.preparation.captures import Limits, judge
from rackfocus.evaluation.images.baselines import Predictor
from rackfocus.evaluation.images.blur_search import Blur, normalise, render_blur, search_blur
from rackfocus.evaluation.images.examination import (
    Conditions,
    Examined,
    SheetRow,
    reduced_size,
    shrink,
    shrink_encoded,
)
from rackfocus.evaluation.reports.pictures import picture
from rackfocus.evaluation.reports.records import Record
from rackfocus.metrics.image import psnr, ssim
from rackfocus.optics.radiometry import srgb_to_linear


@dataclass(frozen=True)
class ShallowPhotograph:
    """A deep-DOF photograph (encoded sRGB) and one of a wider aperture (linear light, clipped as a photograph
    is), of one size and exposure, in 0..1. `image` names the deep, `target` the shallow one, such as `f/2`.
    """

    image: str
    target: str
    deep: Float[Tensor, "3 height width"]
    shallow: Float[Tensor, "3 height width"]


class ShallowPhotographs(Dataset[ShallowPhotograph]):
    """Each shallow photograph of pairs and triplets once; triplets would repeat the widest."""

    def __init__(self, items: Sequence[Item]) -> None:
        pairs = {(item.deep.file, shot.file): (item.deep, shot) for item in items for shot in item.shots}
        self.pairs = list(pairs.values())

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> ShallowPhotograph:
        return _load(*self.pairs[index])


class RegisteredApertures(Dataset[ShallowPhotograph]):
    """A folder of `<scene>_f<number>.<ext>`, each shot aligned with its deep picture and equally exposed.

    As `rackfocus prepare` does, but nothing is rejected: misalignment affects all methods alike.

    Raises:
        InputError: as from `aperture_scenes`; on access, a photograph is damaged or of another size.
    """

    def __init__(self, root: str | Path) -> None:
        self.pairs = [(scene.deep, shot) for scene in aperture_scenes(root) for shot in scene.shots]

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> ShallowPhotograph:
        deep, shot = self.pairs[index]
        return _load(deep, judge(deep, shot, Limits())[0].shot)


class NamedPhotographs(ShallowPhotographs):
    """Files of one folder by name, already aligned and equally exposed; in `deep` everything is in focus."""

    def __init__(self, root: str | Path, deep: str, shallow: Sequence[str]) -> None:
        sharp = Photograph(Path(root) / deep)
        super().__init__([Item(name, sharp, (Photograph(Path(root) / name),)) for name in shallow])


@torch.inference_mode()
def examine_photograph(
    sample: ShallowPhotograph, methods: Sequence[Predictor], conditions: Conditions, *, data_set: str
) -> Examined:
    """Measure every method that predicts a disparity, and the deep photograph itself."""
    size = reduced_size(sample.deep, conditions.longer_side_px)
    srgb, photograph = shrink_encoded(sample.deep, size)[None], shrink(sample.shallow, size)[None]

    def record(name: str, image: Tensor, blur: Blur) -> Record:
        return Record(
            data_set=data_set,
            image=sample.image,
            method=name,
            target=sample.target,
            psnr=psnr(image, photograph).item(),
            ssim=ssim(image, photograph).item(),
            lpips=math.nan if conditions.lpips is None else conditions.lpips(image, photograph).item(),
            blur_px=blur.strength * max(size),
        )

    base = record("input, not blurred", srgb_to_linear(srgb), Blur())
    pictures = {
        f"input {base.psnr:.1f} dB": picture(srgb_to_linear(srgb)),
        "photograph": picture(photograph),
    }
    found = Examined([base], [SheetRow(f"{sample.image}, {sample.target}", pictures)])
    for method in methods:
        prediction = method(srgb)
        if prediction.disparity is None:
            continue
        radiance = srgb_to_linear(srgb) if prediction.radiance is None else prediction.radiance
        normalised = normalise(prediction.disparity)
        blur = search_blur(radiance, normalised, photograph)
        image = render_blur(radiance, normalised, blur)
        found.records.append(record(method.name, image, blur))
        pictures[f"{method.name} {found.records[-1].psnr:.1f} dB"] = picture(image)
    return found


def examine_triplet(
    sample: FocusSample, methods: Sequence[Predictor], conditions: Conditions, *, data_set: str
) -> Examined:
    """Both photographs of a triplet, or the one of a pair."""
    shots = {"shallow": sample.shallow}
    if (sample.aperture_ratio, sample.focal_disparity) != (1.0, 0.0):
        shots["adjusted"] = sample.adjusted
    found = Examined()
    for target, shot in shots.items():
        one = ShallowPhotograph(sample.name, target, sample.deep, shot)
        more = examine_photograph(one, methods, conditions, data_set=data_set)
        found.records.extend(more.records)
        found.rows.extend(more.rows)
    return found


def _load(deep: Photograph, shot: Photograph) -> ShallowPhotograph:
    target = shot.file.stem if shot.f_number is None else f"f/{shot.f_number:g}"
    sample = load_item(Item(f"{deep.file.stem}, {target}", deep, (shot,)))
    return ShallowPhotograph(deep.file.stem, target, sample.deep, sample.shallow)
