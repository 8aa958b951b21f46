"""Depth-estimation models of Hugging Face Transformers: Depth Anything, Depth Pro, DPT, ZoeDepth, others."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from rackfocus.types import InputError

LARGER_IS_NEARER: dict[str, Callable[[Any], bool]] = {
    "depth_anything": lambda config: config.depth_estimation_type == "relative",
    "prompt_depth_anything": lambda config: config.depth_estimation_type == "relative",
    # MiDaS and its successors predict inverse depth; only those with DINOv2, which lack this layer, metres.
    "dpt": lambda config: not config.add_projection,
    # The inverse of depth in units of the focal length; only the library's own post-processing inverts it.
    "depth_pro": lambda _: True,
    "zoedepth": lambda _: False,
    "glpn": lambda _: False,
    "tipsv2_dpt": lambda _: False,
}
"""Whether a model family (`model_type`) predicts inverse depth (larger is nearer) or depth in metres."""

NEAREST_M = 0.1
"""Minimum depth for models that predict metres."""


class TransformersDepth(nn.Module):
    """Nearness by a model of the hub, or of a folder that `save_pretrained` wrote.

    Images are preprocessed here by the values of the model's `preprocessor_config.json`, since the library's
    own preprocessing needs torchvision for some families. Models with code of their own, such as Video Depth
    Anything, raise an error.

    Args:
        name: a folder, or a name on the hub such as `depth-anything/Depth-Anything-V2-Small-hf`.

    Raises:
        InputError: transformers is not installed, the model cannot be loaded, or it belongs to a family whose
            prediction has an unknown meaning.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, name: str | Path) -> None:
        super().__init__()
        name = str(name)
        try:
            from transformers import AutoConfig, AutoModelForDepthEstimation
            from transformers.utils import cached_file
        except ImportError as error:
            raise InputError(
                "This depth model needs transformers, which is not installed: "
                "pip install 'rackfocus[transformers]'."
            ) from error
        try:
            config = AutoConfig.from_pretrained(name, trust_remote_code=False)
            preparation = json.loads(Path(str(cached_file(name, "preprocessor_config.json"))).read_bytes())
            if config.model_type in LARGER_IS_NEARER:
                self.model = AutoModelForDepthEstimation.from_pretrained(
                    name, config=config, dtype=torch.float32, trust_remote_code=False
                )
        # The library and the hub's client raise many types of errors.
        except Exception as error:
            reason = " ".join(str(error).split()).partition(". ")[0].rstrip(".")
            raise InputError(
                f"The depth model {name} cannot be loaded ({reason}); give a folder that holds one, or the "
                "name of one on the Hugging Face hub, which takes a network the first time."
            ) from error
        if config.model_type not in LARGER_IS_NEARER:
            raise InputError(
                f"The model {name} is of the family {config.model_type}, of which we do not know whether it "
                f"gives depth or its inverse; use one of {', '.join(LARGER_IS_NEARER)}."
            )
        self.larger_is_nearer = LARGER_IS_NEARER[config.model_type](config)
        self._preparation = preparation
        normalise = preparation.get("do_normalize", True) and "image_mean" in preparation
        for key, neutral in (("mean", 0.0), ("std", 1.0)):
            values = preparation[f"image_{key}"] if normalise else [neutral] * 3
            self.register_buffer(key, torch.tensor(values).view(3, 1, 1), persistent=False)
        self.requires_grad_(False)
        self.eval()

    def forward(self, srgb: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 1 height width"]:
        """Nearness; see `rackfocus.models.backends.DepthBackend`."""
        height, width = srgb.shape[-2:]
        size = prepared_size(height, width, self._preparation)
        seen = F.interpolate(srgb, size=size, mode="bicubic", antialias=True).clamp(0, 1)
        predicted = self.model(pixel_values=(seen - self.mean) / self.std).predicted_depth
        predicted = predicted.reshape(len(srgb), 1, *predicted.shape[-2:])
        nearness = predicted if self.larger_is_nearer else 1 / predicted.clamp_min(NEAREST_M)
        return F.interpolate(nearness, size=(height, width), mode="bilinear")


def prepared_size(height: int, width: int, preparation: dict[str, Any]) -> tuple[int, int]:
    """Height and width of a model's input.

    Args:
        height: of the image.
        width: of the image.
        preparation: the contents of `preprocessor_config.json`. `size` is the target size; with
            `keep_aspect_ratio` the side that changes less determines the scale. Sides are multiples of
            `ensure_multiple_of` or `size_divisor`.
    """
    size = preparation.get("size") or {}
    scale_y, scale_x = size.get("height", height) / height, size.get("width", width) / width
    if preparation.get("keep_aspect_ratio"):
        scale_y = scale_x = min((scale_x, scale_y), key=lambda scale: abs(1 - scale))
    multiple = preparation.get("ensure_multiple_of") or preparation.get("size_divisor") or 1
    rows, columns = (
        max(1, round(side * scale / multiple)) * multiple
        for side, scale in ((height, scale_y), (width, scale_x))
    )
    return rows, columns
