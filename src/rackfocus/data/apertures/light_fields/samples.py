"""Pairs, aperture triplets and focal triplets computed from light fields on access."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jaxtyping import Float
from torch import Tensor
from torch.utils.data import Dataset

from rackfocus.data.apertures.light_fields.light_field import LightField, shift_and_add
from rackfocus.data.apertures.sample import FocusSample
from rackfocus.types import InputError


@dataclass(frozen=True)
class Refocus:
    """The difference of `adjusted` from `shallow`: none (a pair), in aperture (a ratio in (0, 1]), or in
    focus (how much farther, in pixels a view).

    Raises:
        InputError: a number is out of its range or not finite.
    """

    aperture_ratio: float = 1.0
    slope_change: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.aperture_ratio <= 1:
            raise InputError(f"aperture_ratio must be above 0 and up to 1, and is {self.aperture_ratio}.")
        if not math.isfinite(self.slope_change):
            raise InputError(f"slope_change must be a number such as 0.4, and is {self.slope_change}.")

    def __str__(self) -> str:
        aperture = f"aperture {self.aperture_ratio:g}" if self.aperture_ratio != 1 else ""
        focal = f"focal {self.slope_change:+g}" if self.slope_change else ""
        return " ".join(filter(None, (aperture, focal))) or "pair"


class LightFieldSamples(Dataset[FocusSample]):
    """The samples of `adjusted` for each light field in turn. Nothing is random.

    `shallow` has the largest aperture that the views allow. The file is read for each sample.

    Args:
        paths: of the light fields.
        read: reads a light field from its path.
        focus_slope: the disparity in focus in `shallow`, in pixels a view.
        adjusted: the samples of each light field.

    Raises:
        InputError: `adjusted` is empty; on access, a file is missing or damaged.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        read: Callable[[Path], LightField],
        *,
        focus_slope: float,
        adjusted: Sequence[Refocus],
    ) -> None:
        if not adjusted:
            raise InputError(
                "adjusted names no sample; give it one "
                "`rackfocus.data.apertures.light_fields.samples.Refocus`."
            )
        if not math.isfinite(focus_slope):
            raise InputError(f"focus_slope must be a number such as 0.0, and is {focus_slope}.")
        self.paths = list(paths)
        self.read = read
        self.focus_slope = focus_slope
        self.adjusted = list(adjusted)

    def __len__(self) -> int:
        return len(self.paths) * len(self.adjusted)

    def __getitem__(self, index: int) -> FocusSample:
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        number, place = divmod(index % len(self), len(self.adjusted))
        return self.samples_of(number, self.adjusted[place : place + 1])[0]

    def samples_of(self, number: int, adjusted: Sequence[Refocus]) -> list[FocusSample]:
        """Samples of one light field, by its place in `paths`; its file is read once."""
        return make_samples(self.read(self.paths[number]), focus_slope=self.focus_slope, adjusted=adjusted)


def make_samples(field: LightField, *, focus_slope: float, adjusted: Sequence[Refocus]) -> list[FocusSample]:
    """Compute the photographs of a light field: `shallow` once, and another for each sample that is no pair.

    The disparity of `shallow` is `(d - focus_slope) * radius`; what is in focus in `adjusted` has
    `slope_change * radius` of it.
    """
    deep, shallow = field.deep(), shift_and_add(field, slope=focus_slope).clamp(0, 1)

    def other(refocus: Refocus) -> Float[Tensor, "3 height width"]:
        if refocus == Refocus():
            return shallow
        slope, radius = focus_slope + refocus.slope_change, field.radius * refocus.aperture_ratio
        return shift_and_add(field, slope=slope, radius=radius).clamp(0, 1)

    return [
        FocusSample(
            name=f"{field.name}/{refocus}",
            deep=deep,
            shallow=shallow,
            adjusted=other(refocus),
            aperture_ratio=refocus.aperture_ratio,
            focal_disparity=refocus.slope_change * field.radius,
        )
        for refocus in adjusted
    ]
