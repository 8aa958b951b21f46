"""ColorVideoVDP (Mantiuk et al. 2024): what a viewer sees of the difference between two videos."""

from importlib import import_module

from jaxtyping import Float
from torch import Tensor

from rackfocus.types import InputError


def cvvdp(
    video: Float[Tensor, "frame 3 height width"],
    truth: Float[Tensor, "frame 3 height width"],
    *,
    fps: float,
    display: str = "standard_4k",
) -> float:
    """Quality in just-objectionable differences: 10 is no difference, each unit less is one that three of
    four viewers see.

    Args:
        video: encoded, in 0..1.
        truth: the same.
        fps: frames a second.
        display: by its name in ColorVideoVDP, with the distance from which it is viewed.

    Raises:
        InputError: ColorVideoVDP or the torchvision that it needs is not there.
    """
    try:
        module = import_module("pycvvdp")
    except (ImportError, RuntimeError) as error:  # RuntimeError: torchvision belongs to another torch
        raise InputError(
            "The metric cvvdp needs ColorVideoVDP and a torchvision that belongs to this torch, which cannot "
            "be imported: pip install cvvdp, or leave it out."
        ) from error
    metric = module.cvvdp(display_name=display, heatmap=None)
    quality, _ = metric.predict(video, truth, dim_order="FCHW", frames_per_second=fps)
    return float(quality)
