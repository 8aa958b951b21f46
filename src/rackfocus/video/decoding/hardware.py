"""Decoding by a unit of a GPU, where FFmpeg knows how to use it."""

from functools import cache

import av
from av.codec.hwaccel import HWAccel

from rackfocus.types import InputError

PLANAR = {"nv12": "yuv420p", "p010le": "yuv420p10le"}
"""Hardware decoders interleave the samples of colour, where others give the same ones in two planes."""


def hardware(name: str) -> HWAccel:
    """The decoder of a kind of hardware, for `av.open`. Streams that it cannot decode are decoded by the CPU.

    Args:
        name: as FFmpeg calls it, such as `cuda`, `videotoolbox`, `vaapi` or `d3d11va`.

    Raises:
        InputError: FFmpeg has no support for it, or there is no such hardware in this machine.
    """
    _check_hardware(name)
    return HWAccel(name)


@cache
def _check_hardware(name: str) -> None:
    """Open a decoder, once in a process: a source is opened for each pass over it."""
    configs = av.Codec("h264", "r").hardware_configs
    known = [config.device_type.name for config in configs if config.is_supported]
    if name not in known:
        raise InputError(
            f"hwaccel must be null or one of {', '.join(known)}, which PyAV {av.__version__} knows here, and "
            f"is {name}."
        )
    try:
        av.CodecContext.create("h264", "r", HWAccel(name)).open()
    except av.FFmpegError as error:
        raise InputError(
            f"hwaccel={name} is not there: FFmpeg cannot open it in this machine ({error.strerror}); leave "
            "it out to decode on the CPU."
        ) from error


def planar(picture: av.VideoFrame) -> av.VideoFrame:
    """A picture as the decoder of the CPU gives it: the same samples, each kind in a plane of its own."""
    kind = PLANAR.get(picture.format.name)
    return picture if kind is None else picture.reformat(format=kind)
