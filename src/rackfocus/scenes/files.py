"""Reads and writes the files of a ray-traced scene: half-float EXR, depth EXR, disparity PNG, sRGB PNG."""

import hashlib
from pathlib import Path

import cv2
import numpy as np
import OpenEXR
import torch
from jaxtyping import Bool, Float, UInt8

from rackfocus.optics.radiometry import linear_to_srgb
from rackfocus.reading.exr import read_exr
from rackfocus.reading.pictures import read_pixels
from rackfocus.types import InputError

DISPARITY_OFFSET = 128.0
DISPARITY_STEPS = 256.0
"""A disparity code is `round((D + 128) * 256)`, for -128 to 128 px in steps of 1/256."""

_DWA_LEVEL = 30.0


def encode_srgb(linear: Float[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "height width 3"]:
    """Linear light as 8-bit sRGB: clipped, encoded, rounded."""
    encoded = linear_to_srgb(torch.from_numpy(np.clip(linear, 0.0, 1.0).astype(np.float32)))
    return np.round(encoded.numpy() * 255.0).astype(np.uint8)


def write_srgb(path: Path, linear: Float[np.ndarray, "height width 3"]) -> None:
    """Write linear light as a clipped 8-bit sRGB PNG."""
    _write_png(path, encode_srgb(linear)[..., ::-1])


def read_srgb(path: Path) -> Float[np.ndarray, "height width 3"]:
    """Read an 8-bit PNG: encoded sRGB, float32 in 0 .. 1.

    Raises:
        InputError: the file is missing, or is no 8-bit colour picture.
    """
    image = _read_png(path)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise InputError(f"{path} must be an 8-bit colour PNG; get the data set again.")
    return image[..., ::-1].astype(np.float32) / np.float32(255.0)


def write_disparity(path: Path, disparity: Float[np.ndarray, "height width"]) -> None:
    """Write disparity in pixels as 16-bit codes.

    Raises:
        InputError: a value is outside -128 .. 127.99 px or NaN.
    """
    codes = np.round((disparity + DISPARITY_OFFSET) * DISPARITY_STEPS)
    if not np.all((codes >= 0) & (codes <= 65535)):
        raise InputError(f"{path} holds disparities of -128 to 127.99 px only; open the aperture less.")
    _write_png(path, codes.astype(np.uint16))


def read_disparity(path: Path) -> Float[np.ndarray, "height width"]:
    """Read a disparity PNG: pixels, float32, exact to 1/512 px.

    Raises:
        InputError: the file is missing, or is no 16-bit grey picture.
    """
    codes = _read_png(path)
    if codes.dtype != np.uint16 or codes.ndim != 2:
        raise InputError(f"{path} must be a 16-bit grey PNG; get the data set again.")
    return (codes.astype(np.float64) / DISPARITY_STEPS - DISPARITY_OFFSET).astype(np.float32)


def write_hdr(path: Path, linear: Float[np.ndarray, "height width 3"]) -> None:
    """Write linear light as half floats, DWAB-compressed (about 58 dB in clipped sRGB)."""
    pixels = np.clip(linear, 0.0, 65504.0).astype(np.float16)
    header = {
        "compression": OpenEXR.DWAB_COMPRESSION,
        "type": OpenEXR.scanlineimage,
        "dwaCompressionLevel": _DWA_LEVEL,
    }
    _write_exr(path, header, {"RGB": np.ascontiguousarray(pixels)})


def read_hdr(path: Path) -> Float[np.ndarray, "height width 3"]:
    """Read linear light, float32, not clipped.

    Raises:
        InputError: the file is missing, is no EXR, or has no RGB.
    """
    channels = _read_exr(path)
    if "RGB" not in channels:
        raise InputError(f"{path} must have channels R, G and B; get the data set again.")
    return np.maximum(channels["RGB"].pixels.astype(np.float32), 0.0)


def write_depth(path: Path, depth_m: Float[np.ndarray, "height width"]) -> None:
    """Write metres along the axis of the lens, float32 rounded to 24 bits (2e-5 of the value)."""
    header = {"compression": OpenEXR.PXR24_COMPRESSION, "type": OpenEXR.scanlineimage}
    _write_exr(path, header, {"Z": np.ascontiguousarray(depth_m.astype(np.float32))})


def read_depth(path: Path) -> Float[np.ndarray, "height width"]:
    """Read metres along the axis of the lens, float32; infinite in the sky.

    Raises:
        InputError: the file is missing, is no EXR, or has no Z.
    """
    channels = _read_exr(path)
    if "Z" not in channels:
        raise InputError(f"{path} must have a channel Z; get the data set again.")
    return channels["Z"].pixels.astype(np.float32)


def write_mask(path: Path, mask: Bool[np.ndarray, "height width"]) -> None:
    """Write a mask as an 8-bit grey PNG, 255 where it is true."""
    _write_png(path, mask.astype(np.uint8) * 255)


def write_checksums(root: Path) -> Path:
    """Write `root/SHA256SUMS`, in the format of `sha256sum`, for every file in the subfolders of `root`."""
    files = sorted(
        path for path in root.glob("*/**/*") if path.is_file() and not _is_hidden(path.relative_to(root))
    )
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(root).as_posix()}\n"
        for path in files
    ]
    sums = root / "SHA256SUMS"
    sums.write_text("".join(lines))
    return sums


def _is_hidden(path: Path) -> bool:
    """Whether a name in the path begins with a dot, as that of an unfinished scene."""
    return any(part.startswith(".") for part in path.parts)


def _write_png(path: Path, pixels: np.ndarray) -> None:
    if not cv2.imwrite(str(path), pixels, [cv2.IMWRITE_PNG_COMPRESSION, 9]):
        raise InputError(f"{path} cannot be written; check the folder and the space left.")


def _read_png(path: Path) -> np.ndarray:
    if not path.is_file():
        raise InputError(f"{path} is missing; get the data set again or render its scene.")
    return read_pixels(path, cv2.IMREAD_UNCHANGED, "cannot be read as a PNG; get the data set again.")


def _write_exr(path: Path, header: dict[str, object], channels: dict[str, np.ndarray]) -> None:
    with OpenEXR.File(header, channels) as file:
        file.write(str(path))


def _read_exr(path: Path) -> dict[str, "OpenEXR.Channel"]:
    if not path.is_file():
        raise InputError(f"{path} is missing; get the data set again or render its scene.")
    return read_exr(path, "cannot be read as OpenEXR; get the data set again.")
