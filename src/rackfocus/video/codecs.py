"""Video codecs: one class each, instantiated by the configs in `conf/codec`."""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Protocol

import av

from rackfocus.types import InputError

PRESETS = (
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow",
)  # fmt: skip
NVENC_PRESETS = ("p1", "p2", "p3", "p4", "p5", "p6", "p7")
PRORES_PROFILES = ("proxy", "lt", "standard", "hq", "4444")
X264_THREADS = 6
"""What x264 takes on four cores. Fewer cores share them."""


class Codec(Protocol):
    """The properties of a codec that the writer of a video needs.

    Attributes:
        name: shown to people.
        encoder: FFmpeg's name of the encoder.
        suffixes: of the files that may contain it.
        tag: the four-letter code that players of MP4 and MOV expect. `None`: FFmpeg's own.
    """

    @property
    def name(self) -> str: ...
    @property
    def encoder(self) -> str: ...
    @property
    def suffixes(self) -> tuple[str, ...]: ...
    @property
    def tag(self) -> str | None: ...

    def options(self) -> dict[str, str]:
        """Settings of the encoder."""
        ...

    def pixel_format(self, source_bit_depth: int) -> str:
        """The pixel format for a source with this number of bits."""
        ...

    def coded_size(self, width: int, height: int) -> tuple[int, int]:
        """The smallest width and height, at least these, that this pixel format can store."""
        ...


class _Subsampled:
    """What codecs of 4:2:0 share: two pixels, and two rows, share their colour."""

    suffixes: ClassVar[tuple[str, ...]] = (".mp4", ".m4v", ".mov", ".mkv")

    def coded_size(self, width: int, height: int) -> tuple[int, int]:
        """Even numbers."""
        return width + width % 2, height + height % 2


@dataclass(frozen=True)
class _ConstantQuality(_Subsampled):
    """The settings that x264 and x265 share.

    Attributes:
        crf: constant rate factor, 0 (the best) to 51.
        preset: speed against compression, `ultrafast` to `veryslow`.
        bit_depth: 8 or 10. `None`: that of the source, 10 if it has more than 8.

    Raises:
        InputError: a setting is out of range.
    """

    crf: float = 16
    preset: str = "medium"
    bit_depth: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.crf, int | float) or not (math.isfinite(self.crf) and 0 <= self.crf <= 51):
            raise InputError(f"codec.crf must lie from 0 to 51, and is {self.crf}.")
        if self.preset not in PRESETS:
            raise InputError(f"codec.preset must be one of {', '.join(PRESETS)}, and is {self.preset}.")
        _check_depth(self.bit_depth, (8, 10))

    def pixel_format(self, source_bit_depth: int) -> str:
        """4:2:0, the only one that all players support."""
        return "yuv420p" if (self.bit_depth or source_bit_depth) <= 8 else "yuv420p10le"


@dataclass(frozen=True)
class H264(_ConstantQuality):
    """H.264 by x264: supported by all players with 8 bits, whatever the source has; by few with 10."""

    bit_depth: int | None = 8

    name: ClassVar[str] = "H.264"
    encoder: ClassVar[str] = "libx264"
    tag: ClassVar[str | None] = None

    def options(self) -> dict[str, str]:
        # Without these a video would have other bytes than one that was stopped and went on, or that another
        # machine made: x264's macroblock tree differs from run to run; and x264 encodes with as many threads
        # as there are cores, with another result for each number of them.
        same = f"cpu-independent=1:threads={X264_THREADS}"
        return {"crf": f"{self.crf:g}", "preset": self.preset, "x264-params": same}


@dataclass(frozen=True)
class HEVC(_ConstantQuality):
    """HEVC by x265: half the file size, several times the encoding time."""

    crf: float = 18

    name: ClassVar[str] = "HEVC"
    encoder: ClassVar[str] = "libx265"
    # Apple's players support no other tag.
    tag: ClassVar[str | None] = "hvc1"

    def options(self) -> dict[str, str]:
        return {"crf": f"{self.crf:g}", "preset": self.preset, "x265-params": "log-level=error"}


@dataclass(frozen=True)
class NVENC(_Subsampled):
    """H.264 or HEVC by the encoder of an NVIDIA GPU, 8 bits: leaves the CPU to other work; larger files.

    Attributes:
        encoder: `h264_nvenc` or `hevc_nvenc`.
        cq: constant quality, 1 (the best) to 51.
        preset: `p1` (the fastest) to `p7`.

    Raises:
        InputError: a setting is out of range, or this machine has no such encoder.
    """

    encoder: str = "h264_nvenc"
    cq: float = 19
    preset: str = "p5"

    def __post_init__(self) -> None:
        if self.encoder not in ("h264_nvenc", "hevc_nvenc"):
            raise InputError(f"codec.encoder must be h264_nvenc or hevc_nvenc, and is {self.encoder}.")
        if not isinstance(self.cq, int | float) or not (math.isfinite(self.cq) and 1 <= self.cq <= 51):
            raise InputError(f"codec.cq must lie from 1 to 51, and is {self.cq}.")
        if self.preset not in NVENC_PRESETS:
            raise InputError(f"codec.preset must be one of {', '.join(NVENC_PRESETS)}, and is {self.preset}.")
        self._check_gpu()

    @property
    def name(self) -> str:
        return "H.264 by NVENC" if self.encoder == "h264_nvenc" else "HEVC by NVENC"

    @property
    def tag(self) -> str | None:
        return None if self.encoder == "h264_nvenc" else HEVC.tag

    def options(self) -> dict[str, str]:
        # Without B-frames, packets come in the order in which they are shown, whatever the GPU's delay.
        return {"rc": "vbr", "cq": f"{self.cq:g}", "b": "0", "preset": self.preset, "bf": "0"}

    def pixel_format(self, source_bit_depth: int) -> str:  # noqa: ARG002
        return "yuv420p"

    def _check_gpu(self) -> None:
        """Open the encoder once: it is missed before the work of hours, not after it."""
        probe: Any = av.CodecContext.create(self.encoder, "w")
        probe.width, probe.height, probe.pix_fmt, probe.time_base = 1280, 720, "yuv420p", Fraction(1, 30)
        probe.options = self.options()
        try:
            probe.open()
        except av.FFmpegError as error:
            plain = "h264" if self.encoder == "h264_nvenc" else "hevc"
            raise InputError(
                f"codec={self.encoder} is not there: FFmpeg cannot open the encoder of an NVIDIA GPU in this "
                f"machine ({error.strerror}); use codec={plain}."
            ) from error


@dataclass(frozen=True)
class ProRes:
    """Apple ProRes: frames coded independently, 10 bits, large files; for editing and grading.

    Attributes:
        profile: `proxy`, `lt`, `standard` or `hq` (4:2:2), or `4444` (4:4:4).
        bit_depth: 10, or `None`, which also means 10.

    Raises:
        InputError: a setting is out of range.
    """

    profile: str = "hq"
    bit_depth: int | None = None

    name: ClassVar[str] = "ProRes"
    encoder: ClassVar[str] = "prores_ks"
    suffixes: ClassVar[tuple[str, ...]] = (".mov", ".mkv")
    tag: ClassVar[str | None] = None

    def __post_init__(self) -> None:
        # On the command line codec.profile=4444 is parsed as a number.
        object.__setattr__(self, "profile", str(self.profile))
        if self.profile not in PRORES_PROFILES:
            raise InputError(
                f"codec.profile must be one of {', '.join(PRORES_PROFILES)}, and is {self.profile}."
            )
        _check_depth(self.bit_depth, (10,))

    def options(self) -> dict[str, str]:
        return {"profile": self.profile, "vendor": "apl0"}

    def pixel_format(self, source_bit_depth: int) -> str:  # noqa: ARG002
        return "yuv444p10le" if self.profile == "4444" else "yuv422p10le"

    def coded_size(self, width: int, height: int) -> tuple[int, int]:
        """Any size."""
        return width, height


def _check_depth(bit_depth: int | None, depths: tuple[int, ...]) -> None:
    if bit_depth is not None and bit_depth not in depths:
        raise InputError(f"codec.bit_depth must be {' or '.join(map(str, depths))}, and is {bit_depth}.")
