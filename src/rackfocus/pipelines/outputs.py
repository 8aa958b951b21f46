"""The content of a refocused video: the rendering, or images for inspection. Configured in `conf/output`."""

from dataclasses import dataclass
from typing import ClassVar, Protocol

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from rackfocus.types import InputError

BEHIND = (0.0, 0.25, 0.9)
BEFORE = (0.9, 0.25, 0.0)
IN_FOCUS = 0.92
LINE, LINE_PX = (0.1, 1.0, 0.35), 1
"""Colour and width of the line around what is in focus: a green that hardly any scene has."""


class Output(Protocol):
    """Makes the output image of each frame.

    Attributes:
        renders: whether it needs the rendering.
    """

    @property
    def renders(self) -> bool: ...

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the output image, from those of the frame."""
        ...

    def picture(
        self,
        sharp: Float[Tensor, "3 height width"],
        shallow: Float[Tensor, "3 height width"] | None,
        disparity: Float[Tensor, "1 height width"],
    ) -> Float[Tensor, "3 rows columns"]:
        """The output image of a frame, encoded R'G'B'.

        Args:
            sharp: the source, encoded R'G'B'.
            shallow: the rendering, encoded R'G'B'; `None` if `renders` is false.
            disparity: signed blur radius in pixels of the frame, as rendered.
        """
        ...


@dataclass(frozen=True)
class Rendered:
    """The video with shallow depth of field."""

    renders: ClassVar[bool] = True

    def size(self, width: int, height: int) -> tuple[int, int]:
        return width, height

    def picture(self, sharp: Tensor, shallow: Tensor | None, disparity: Tensor) -> Tensor:  # noqa: ARG002
        assert shallow is not None
        return shallow


@dataclass(frozen=True)
class SideBySide:
    """The source on the left, the video with shallow depth of field on the right."""

    renders: ClassVar[bool] = True

    def size(self, width: int, height: int) -> tuple[int, int]:
        return 2 * width, height

    def picture(self, sharp: Tensor, shallow: Tensor | None, disparity: Tensor) -> Tensor:  # noqa: ARG002
        assert shallow is not None
        return torch.cat([sharp, shallow], dim=2)


@dataclass(frozen=True)
class DisparityMap:
    """The blur radius as colour: near white in focus, red in front of the focal plane, blue behind it.

    Attributes:
        range_px: the radius of full colour, in pixels of the output; `None`: a fiftieth of its longer side.
            It is the same in all frames, so that flicker in these images is flicker of the disparity.

    Raises:
        InputError: the range is not positive.
    """

    range_px: float | None = None
    renders: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.range_px is not None and not self.range_px > 0:
            raise InputError(f"output.range_px must be above 0, and is {self.range_px}.")

    def size(self, width: int, height: int) -> tuple[int, int]:
        return width, height

    def picture(self, sharp: Tensor, shallow: Tensor | None, disparity: Tensor) -> Tensor:  # noqa: ARG002
        full = self.range_px or max(disparity.shape[-2:]) / 50
        share = (disparity / full).clamp(-1, 1)
        behind, before = (disparity.new_tensor(colour)[:, None, None] for colour in (BEHIND, BEFORE))
        return torch.lerp(
            torch.full_like(share, IN_FOCUS).expand(3, -1, -1),
            torch.where(share > 0, behind, before),
            share.abs(),
        )


@dataclass(frozen=True)
class Peaking:
    """The video with shallow depth of field; a line is drawn around all that is in focus.

    Attributes:
        sharp_px: the blur radius below which a pixel is in focus, in pixels of the output.

    Raises:
        InputError: the radius is not positive.
    """

    sharp_px: float = 0.5
    renders: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not self.sharp_px > 0:
            raise InputError(f"output.sharp_px must be above 0, and is {self.sharp_px}.")

    def size(self, width: int, height: int) -> tuple[int, int]:
        return width, height

    def picture(self, sharp: Tensor, shallow: Tensor | None, disparity: Tensor) -> Tensor:  # noqa: ARG002
        assert shallow is not None
        in_focus = (disparity.abs() < self.sharp_px).float()
        # The border of the frame is no edge: what is beyond counts neither as sharp nor as blurred.
        blurred_near = F.max_pool2d(1 - in_focus, 2 * LINE_PX + 1, stride=1, padding=LINE_PX)
        line = (in_focus * blurred_near).bool()
        return torch.where(line, disparity.new_tensor(LINE)[:, None, None].to(shallow.dtype), shallow)
