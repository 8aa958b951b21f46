"""Flat materials, for renderings whose surfaces do not matter."""

from collections.abc import Iterator

import numpy as np
import pytest

from rackfocus.scenes import mitsuba_shapes
from rackfocus.scenes.textures import RGB, Texture


def _flat(_kind: str, *, seed: int, tint: RGB) -> Texture:  # noqa: ARG001
    return Texture(np.full((8, 8, 3), tint, np.float32), size_m=1.0)


@pytest.fixture(scope="module")
def flat_materials() -> Iterator[None]:
    """To make and load real textures takes half of the time of a small rendering."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mitsuba_shapes, "make_texture", _flat)
        yield
