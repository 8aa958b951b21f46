"""Photographs with known light, taken by a virtual camera of radiance pictures (HDRCNN's protocol)."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import torch
from torch.utils.data import Dataset

from rackfocus.data.evaluation_files import existing_folder, list_files
from rackfocus.data.evaluation_samples import HDRSample
from rackfocus.data.hdr_picture import HDR_SUFFIXES, read_radiance
from rackfocus.data.measured.panorama import natural_width, perspective_view
from rackfocus.data.measured.virtual_camera import VirtualCamera
from rackfocus.reading.pictures import picture_size
from rackfocus.types import InputError


class HDRImages(Dataset[HDRSample]):
    """The `.hdr` and `.exr` pictures of a folder, photographed by a virtual camera.

    A picture exactly twice as wide as high is an equirectangular panorama; each yaw is a sample: a level 4:3
    view whose centre has the panorama's resolution. Other pictures are used whole. The samples of a file do
    not depend on the other files of the folder.

    Args:
        root: the folder.
        camera: takes the photographs.
        seed: together with a picture's name, seeds the camera's random numbers.
        yaws_deg: directions of views in panoramas, to the right of the middle; empty: panoramas are used
            whole.
        field_of_view_deg: of those views, horizontally; between 0 and 180.

    Raises:
        InputError: there is no such folder, or no picture in it; on access, a file is damaged.
    """

    def __init__(
        self,
        root: str | Path,
        *,
        camera: VirtualCamera,
        seed: int = 0,
        yaws_deg: Sequence[float] = (0.0, 90.0, 180.0, 270.0),
        field_of_view_deg: float = 90.0,
    ) -> None:
        if not 0 < field_of_view_deg < 180:
            raise InputError(f"field_of_view_deg must be between 0 and 180, and is {field_of_view_deg}.")
        folder = existing_folder(root)
        files = list_files(folder, HDR_SUFFIXES)
        if not files:
            raise InputError(f"{folder} holds no .hdr or .exr picture; set data.root to a folder of them.")
        self.camera = camera
        self.seed = seed
        self.field_of_view_deg = float(field_of_view_deg)
        self.views: list[tuple[Path, float | None]] = []
        for file in files:
            height, width = picture_size(file) or (1, 1)
            whole = width != 2 * height or not yaws_deg
            self.views += [(file, None)] if whole else [(file, float(yaw)) for yaw in yaws_deg]

    def __len__(self) -> int:
        return len(self.views)

    def __getitem__(self, index: int) -> HDRSample:
        path, yaw = self.views[index]
        radiance = read_radiance(path)
        name = path.name
        if yaw is not None:
            name = f"{path.name}/yaw{yaw:g}"
            width = natural_width(radiance.shape[-1], self.field_of_view_deg)
            radiance = perspective_view(
                radiance,
                yaw_deg=yaw,
                field_of_view_deg=self.field_of_view_deg,
                size=(round(width * 3 / 8) * 2, width),
            )
        seed = hashlib.sha256(f"{self.seed}/{name}".encode()).digest()
        generator = torch.Generator().manual_seed(int.from_bytes(seed[:7], "little"))
        photograph = self.camera.photograph(radiance, generator, name=str(path))
        return HDRSample(
            name=name, image=photograph.image, radiance=photograph.radiance, clipped=photograph.clipped
        )
