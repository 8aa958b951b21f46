"""Samples of any data set as bytes: their tensors as safetensors, all else as JSON."""

import dataclasses
import json
from typing import Any

from safetensors.torch import load, save
from torch import Tensor

from rackfocus.data.apertures.sample import FocusSample
from rackfocus.data.evaluation_samples import (
    Camera,
    DisparitySample,
    FlowSample,
    HDRSample,
    Picture,
    PictureToFocus,
    PosedClip,
    SilhouetteSample,
    VideoSample,
)
from rackfocus.data.gaze.focus_clip import FocusClip
from rackfocus.data.taught.samples import LightSample, NearnessSample
from rackfocus.reading.json_text import parse_json
from rackfocus.types import FocusTarget, InputError

LEARNT_FROM = (FocusSample, FocusClip, NearnessSample, LightSample)
MEASURED_ON = (
    HDRSample,
    DisparitySample,
    SilhouetteSample,
    VideoSample,
    Picture,
    PictureToFocus,
    FlowSample,
    PosedClip,
)
PARTS = (FocusTarget, Camera)
KINDS: dict[str, type] = {kind.__name__: kind for kind in (*LEARNT_FROM, *MEASURED_ON, *PARTS)}
"""The dataclasses that are stored, by name; no other class is made of what a file says."""


def pack(sample: Any) -> tuple[bytes, bytes]:
    """A sample as JSON and as safetensors; a tensor that stands in two fields is stored once.

    Raises:
        InputError: it is of no kind in `KINDS`, or a value in it is not.
    """
    tensors: list[Tensor] = []
    about = _packed(sample, tensors)
    stored = {str(place): tensor.clone().contiguous() for place, tensor in enumerate(tensors)}
    return json.dumps(about, allow_nan=False).encode(), save(stored)


def unpack(about: bytes, tensors: bytes) -> Any:
    """The sample of `pack`, to the bit; to be called within `rackfocus.reading.damage.reading`.

    Raises:
        ValueError, TypeError, LookupError, SafetensorError: the bytes are not those of a sample.
    """
    return _unpacked(parse_json(about.decode()), load(tensors))


def _packed(value: Any, tensors: list[Tensor]) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Tensor):
        places = [place for place, tensor in enumerate(tensors) if tensor is value]
        if not places:
            tensors.append(value)
        return {"tensor": str(places[0] if places else len(tensors) - 1)}
    if isinstance(value, tuple):
        return [_packed(each, tensors) for each in value]
    if type(value) not in KINDS.values():
        raise InputError(f"A {type(value).__name__} cannot be stored in shards; use the data as they are.")
    fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return {"kind": type(value).__name__, **{name: _packed(each, tensors) for name, each in fields.items()}}


def _unpacked(about: Any, tensors: dict[str, Tensor]) -> Any:
    if isinstance(about, list):
        return tuple(_unpacked(each, tensors) for each in about)
    if not isinstance(about, dict):
        return about
    if "tensor" in about:
        return tensors[about["tensor"]]
    fields = {name: _unpacked(each, tensors) for name, each in about.items() if name != "kind"}
    return KINDS[about["kind"]](**fields)
