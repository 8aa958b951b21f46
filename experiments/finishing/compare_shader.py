"""Measures the shader of the Natron script, run by OpenGL, beside the renderer of rackfocus.

    python compare_shader.py

Needs moderngl (from PyPI) and an EGL driver, such as Mesa's in software. Writes `shader.csv` beside this
file, and prints the table of its README.
"""

from pathlib import Path

import moderngl
import numpy as np
import torch
from compare import HERE, Comparison, Still, comparison, print_table, rounded, scenes
from jaxtyping import Float
from torch import Tensor

from rackfocus.evaluation.reports.records import write_dataclasses

BEFORE = "#version 120\nuniform vec3 iResolution;\nuniform sampler2D iChannel0;\n"
AFTER = "\nvoid main() { mainImage(gl_FragColor, gl_FragCoord.xy); }\n"
"""What Natron puts around a shader, as far as this one needs it."""

SQUARE = "#version 120\nattribute vec2 corner;\nvoid main() { gl_Position = vec4(corner, 0., 1.); }\n"
CORNERS = np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]], np.float32)


class Shader:
    """A shader of Natron's Shadertoy node, with one input."""

    def __init__(self, path: Path) -> None:
        self._gl = moderngl.create_context(standalone=True, backend="egl")
        self._program = self._gl.program(SQUARE, BEFORE + path.read_text(encoding="utf-8") + AFTER)
        self._square = self._gl.vertex_array(self._program, [(self._gl.buffer(CORNERS), "2f", "corner")])

    def __call__(self, still: Still) -> Float[Tensor, "1 3 height width"]:
        """The still through the shader, its blur radius in alpha."""
        rgba = torch.cat([still.light, still.blur[0]]).permute(1, 2, 0).flip(0).contiguous().numpy()
        height, width = rgba.shape[:2]
        source = self._gl.texture((width, height), 4, rgba, dtype="f4")
        source.filter, source.repeat_x, source.repeat_y = (moderngl.NEAREST, moderngl.NEAREST), False, False
        source.use()
        target = self._gl.framebuffer([self._gl.texture((width, height), 4, dtype="f4")])
        target.use()
        self._program["iResolution"] = width, height, 1
        self._square.render(moderngl.TRIANGLE_STRIP)
        seen = np.frombuffer(target.read(components=4, dtype="f4"), np.float32).reshape(rgba.shape)
        return torch.from_numpy(seen[::-1, :, :3].copy()).permute(2, 0, 1)[None]


def main() -> None:
    """Measure the shader on the ray-traced scenes."""
    shader = Shader(HERE / "defocus.frag.glsl")
    compared = [comparison(still, still.rendered(), shader(still)) for still in scenes()]
    write_dataclasses(Comparison, map(rounded, compared), HERE / "shader.csv")
    print_table(compared)


if __name__ == "__main__":
    main()
