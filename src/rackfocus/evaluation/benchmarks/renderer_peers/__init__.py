"""The renderers of the benchmark: ours, its reference, and others from PyPI or Debian."""

from typing import Any

from rackfocus.evaluation.benchmarks.renderer_peers import blender, ffmpeg, gegl, opencv, torch_methods
from rackfocus.evaluation.benchmarks.renderer_peers.method import Method, in_process

OURS = "ours"

FORMULATIONS = {
    "transmittance": "product transmittance",
    "weighted_sum": "weighted sum",
    "paper": "Eq. 3 as printed",
}
"""The other formulations of our renderer, with their titles; only their quality is measured."""


def _in_torch(
    name: str, title: str, render: torch_methods.RenderFunction, *device: str, **about: Any
) -> Method:
    forward, backward = torch_methods.forward(render, *device), torch_methods.backward(render, *device)
    return Method(name, title, forward, backward, **about)


METHODS = {
    method.name: method
    for method in (
        _in_torch(OURS, "ours", torch_methods.ours),
        _in_torch("ours-gpu", "ours, GPU", torch_methods.ours, "cuda", missing=torch_methods.no_gpu),
        _in_torch("oracle", "torch FFT (oracle)", torch_methods.oracle),
        Method("opencv-layered", "OpenCV layers", in_process(opencv.layered)),
        Method("opencv-preblur", "OpenCV pre-blur", in_process(opencv.preblurred)),
        Method("ffmpeg", "ffmpeg varblur", ffmpeg.opened, missing=ffmpeg.missing),
        Method("gegl", "GEGL lens-blur", gegl.opened, missing=gegl.missing),
        Method("blender", "Blender Defocus", blender.opened, missing=blender.missing, radius_exponent=2.0),
        *(
            Method(
                formulation.replace("_", "-"),
                title,
                torch_methods.forward(torch_methods.formulated(formulation)),
                timed=False,
            )
            for formulation, title in FORMULATIONS.items()
        ),
        Method("input", "input, not blurred", in_process(lambda linear, _disparity: linear), timed=False),
    )
}
"""The methods by name. Times are given relative to `ours`."""
