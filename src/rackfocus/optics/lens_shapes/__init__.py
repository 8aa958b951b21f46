"""Lens shapes: the form of the blur of an out-of-focus point. One file each; configs in `conf/lens`.

To add one, write a frozen dataclass with the members of `rackfocus.types.LensShape` and a config beside the
others. Rendering time grows with the number of changes of value along a row of the kernel: shapes whose rows
are piecewise constant are fast.
"""

from rackfocus.optics.lens_shapes.anamorphic import Anamorphic
from rackfocus.optics.lens_shapes.cat_eye import CatEye
from rackfocus.optics.lens_shapes.disk import Disk
from rackfocus.optics.lens_shapes.photographed import PhotographedKernel
from rackfocus.optics.lens_shapes.polygon import Polygon
from rackfocus.optics.lens_shapes.spherical_aberration import SphericalAberration

__all__ = ["Anamorphic", "CatEye", "Disk", "PhotographedKernel", "Polygon", "SphericalAberration"]
