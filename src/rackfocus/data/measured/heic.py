"""Portrait photographs of iPhones: HEIC files that contain the disparity estimated by the phone."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from PIL import Image, ImageCms
from torch import Tensor
from torch.utils.data import Dataset

from rackfocus.data.evaluation_files import existing_folder, list_files
from rackfocus.data.evaluation_samples import DisparitySample
from rackfocus.optics.radiometry import linear_to_srgb, srgb_to_linear
from rackfocus.types import InputError

_UNIFORM_DISPARITY = 1
"""`representation_type` of codes that are linear in disparity (ISO/IEC 23008-2; 0 is inverse Z, 2 is Z)."""


class HEICDisparity(Dataset[DisparitySample]):
    """The `.heic` pictures of a folder, reduced to the size of their disparity.

    The disparity is about a fifth as wide as the picture, so the picture is reduced (in linear light) and the
    disparity is kept as it is. Both are rotated upright. Colours are converted to sRGB. The disparity is the
    phone's estimate, not a measurement.

    Raises:
        InputError: there is no such folder, or no HEIC in it, or pillow-heif is not installed; on access, a
            file is damaged, or has no disparity in a known format.
    """

    def __init__(self, root: str | Path) -> None:
        folder = existing_folder(root)
        self.files = list_files(folder, (".heic", ".heif"))
        if not self.files:
            raise InputError(f"{folder} holds no .heic picture; set data.root to a folder of portraits.")
        _pillow_heif()

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> DisparitySample:
        path = self.files[index]
        heif = _pillow_heif()
        try:
            picture = heif.open_heif(path, convert_hdr_to_8bit=True)
            pixels = _in_srgb(picture.to_pillow().convert("RGB"), picture.info.get("icc_profile"))
            maps = picture.info.get("depth_images", [])
            codes = np.asarray(maps[0].to_pillow().convert("L")) if maps else None
            about = dict(maps[0].info.get("metadata") or {}) if maps else {}
        except (OSError, ValueError, RuntimeError, SyntaxError, EOFError, ImageCms.PyCMSError) as error:
            raise InputError(f"{path} cannot be read as HEIC, or it is damaged; replace it.") from error
        if codes is None:
            raise InputError(f"{path} carries no disparity; take it in portrait mode, or leave it out.")
        disparity = _disparity(path, codes, about)
        image = torch.from_numpy(pixels.astype(np.float32).transpose(2, 0, 1) / 255)
        width, height = image.shape[-1], image.shape[-2]
        if abs(width * disparity.shape[-2] - height * disparity.shape[-1]) > max(width, height):
            raise InputError(
                f"{path} carries a disparity of {disparity.shape[-1]}x{disparity.shape[-2]} pixels, of "
                f"another shape than its {width}x{height}; leave it out."
            )
        return DisparitySample(
            name=path.name,
            image=_reduce(image, (disparity.shape[-2], disparity.shape[-1])),
            disparity=disparity,
            valid=torch.ones_like(disparity, dtype=torch.bool),
            unit="relative",
        )


def _disparity(path: Path, codes: np.ndarray, about: dict[str, Any]) -> Float[Tensor, "1 height width"]:
    """Decode codes 0..255, which are linear from `d_min` to `d_max`."""
    try:
        low, high = float(about["d_min"]), float(about["d_max"])
        known = about["representation_type"] == _UNIFORM_DISPARITY and low < high
    except (KeyError, TypeError, ValueError):
        known = False
    if not known:
        raise InputError(
            f"{path} carries depth that is not uniform disparity with d_min below d_max; leave it out."
        )
    return torch.from_numpy(low + codes.astype(np.float32) * ((high - low) / 255))[None].float()


def _in_srgb(picture: Image.Image, profile: bytes | None) -> np.ndarray:
    if profile:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(picture, own, ImageCms.createProfile("sRGB"))
        picture = converted if converted is not None else picture
    return np.asarray(picture)


def _reduce(image: Tensor, size: tuple[int, int]) -> Float[Tensor, "3 height width"]:
    linear = F.interpolate(srgb_to_linear(image)[None], size=size, mode="bilinear", antialias=True)[0]
    return linear_to_srgb(linear.clamp(0, 1))


def _pillow_heif() -> Any:
    try:
        import pillow_heif
    except ImportError as error:
        raise InputError(
            'HEIC pictures need the package pillow-heif; install it with `pip install "rackfocus[heic]"`.'
        ) from error
    return pillow_heif
