"""Lens shapes: what a point of light becomes out of focus. One file each; `conf/lens` names them.

To add one, write a frozen dataclass with the members of `rackfocus.types.LensShape` and a config beside the
others. A renderer's time grows with the number of changes along a kernel's row: prefer shapes whose rows are
piecewise constant.
"""

from rackfocus.optics.lens_shapes.anamorphic import Anamorphic
from rackfocus.optics.lens_shapes.cat_eye import CatEye
from rackfocus.optics.lens_shapes.disk import Disk
from rackfocus.optics.lens_shapes.photographed import PhotographedKernel
from rackfocus.optics.lens_shapes.polygon import Polygon
from rackfocus.optics.lens_shapes.spherical_aberration import SphericalAberration

__all__ = ["Anamorphic", "CatEye", "Disk", "PhotographedKernel", "Polygon", "SphericalAberration"]
