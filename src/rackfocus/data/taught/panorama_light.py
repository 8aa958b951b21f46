"""Clipped views of radiance panoramas with known light; a new view for every index."""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.data import Dataset

from rackfocus.data.evaluation_files import existing_folder, list_files
from rackfocus.data.hdr_picture import HDR_SUFFIXES, read_radiance
from rackfocus.data.measured.panorama import perspective_view
from rackfocus.data.measured.virtual_camera import VirtualCamera
from rackfocus.data.taught.samples import LightSample
from rackfocus.reading.pictures import picture_size
from rackfocus.types import InputError

_BRIGHT = 4.0
"""Threshold of bright pixels, in multiples of the value that a twentieth of all values exceeds."""
_LOST = 0.01


class PanoramaLight(Dataset[LightSample]):
    """Views of the equirectangular panoramas of a folder through a virtual camera.

    The direction, angle, exposure and noise of a view depend only on the seed and the index. Views are level:
    the horizon is in their middle unless `shift` moves it, as a shift lens does. Suns that compression left
    with a single colour are repaired (`repair_suns`).

    Args:
        root: the folder with `.hdr` or `.exr` pictures twice as wide as high; panoramas are kept in memory.
        camera: takes the photographs.
        size: height and width of the views in pixels.
        field_of_view_deg: the range of the horizontal angle of view; between 0 and 180.
        shift: the largest shift of the view up or down, relative to its height.
        length: number of views.
        seed: of all of them.

    Raises:
        InputError: there is no such folder, or no panorama in it, or a number is out of its range; on access,
            a file is damaged.
    """

    def __init__(
        self,
        root: str | Path,
        *,
        camera: VirtualCamera,
        size: tuple[int, int],
        field_of_view_deg: tuple[float, float] = (50.0, 100.0),
        shift: float = 0.15,
        length: int = 4096,
        seed: int = 0,
    ) -> None:
        low, high = field_of_view_deg
        if not 0 < low <= high < 180:
            raise InputError(f"field_of_view_deg must be a range between 0 and 180, and is [{low}, {high}].")
        if min(*size, length) < 1 or shift < 0:
            raise InputError(
                "size and length must be 1 or more and shift 0 or more; they are "
                f"[{size[0]}, {size[1]}], {length} and {shift}."
            )
        folder = existing_folder(root)
        self.files = [
            file
            for file in list_files(folder, HDR_SUFFIXES)
            if (shape := picture_size(file)) is not None and shape[1] == 2 * shape[0]
        ]
        if not self.files:
            raise InputError(
                f"{folder} holds no panorama (.hdr or .exr, twice as wide as high); "
                "set data.root to a folder of them."
            )
        self.camera = camera
        self.size = (int(size[0]), int(size[1]))
        self.field_of_view_deg = (float(low), float(high))
        self.shift = float(shift)
        self.length = length
        self.seed = seed
        self._kept: dict[Path, Tensor] = {}

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> LightSample:
        if not -self.length <= index < self.length:
            raise IndexError(index)
        place = index % self.length
        (entropy,) = np.random.SeedSequence((self.seed, place)).generate_state(1, np.uint64)
        generator = torch.Generator().manual_seed(int(entropy))
        yaw, width, up = torch.rand(3, generator=generator, dtype=torch.float64).tolist()
        low, high = self.field_of_view_deg
        # All panoramas are used equally often.
        file = self.files[place % len(self.files)]
        height, columns = self.size
        rows = height + 2 * round(self.shift * height)
        radiance = perspective_view(
            self._panorama(file),
            yaw_deg=360 * yaw,
            field_of_view_deg=low + (high - low) * width,
            size=(rows, columns),
        )
        top = round(up * (rows - height))
        photograph = self.camera.photograph(
            radiance[:, top : top + height].contiguous(), generator, name=str(file)
        )
        return LightSample(f"{file.stem}/{place}", photograph.image, photograph.radiance)

    def _panorama(self, file: Path) -> Float[Tensor, "3 height width"]:
        if file not in self._kept:
            self._kept[file] = repair_suns(read_radiance(file))
        return self._kept[file]


def repair_suns(radiance: Float[Tensor, "3 height width"]) -> Float[Tensor, "3 height width"]:
    """Restore lost channels of bright pixels: lossy OpenEXR (DWA) leaves some suns pure blue.

    A pixel is repaired if one channel is above 4 times the light that 5 % of all values exceed, and both
    others are below a hundredth of it. It becomes grey.
    """
    values = radiance.flatten()
    white = values.kthvalue(max(1, round(0.95 * len(values)))).values
    ordered = radiance.sort(dim=0).values
    lost = (ordered[2] > _BRIGHT * white) & (ordered[1] < _LOST * ordered[2])
    return torch.where(lost, ordered[2], radiance)
