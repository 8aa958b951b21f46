"""The renderers of the benchmark: ours, its reference, and others from PyPI or Debian."""

from rackfocus.evaluation.benchmarks.renderer_peers import blender, ffmpeg, gegl, opencv, torch_methods
from rackfocus.evaluation.benchmarks.renderer_peers.method import Method, in_process

OURS = "ours"

FORMULATIONS = {
    "transmittance": "product transmittance",
    "weighted_sum": "weighted sum",
    "paper": "Eq. 3 as printed",
}
"""The other formulations of our renderer, with their titles; only their quality is measured."""

METHODS = {
    method.name: method
    for method in (
        Method(
            OURS,
            "ours",
            torch_methods.forward(torch_methods.ours),
            torch_methods.backward(torch_methods.ours),
        ),
        Method(
            "ours-gpu",
            "ours, GPU",
            torch_methods.forward(torch_methods.ours, "cuda"),
            torch_methods.backward(torch_methods.ours, "cuda"),
            missing=torch_methods.no_gpu,
        ),
        Method(
            "oracle",
            "torch FFT (oracle)",
            torch_methods.forward(torch_methods.oracle),
            torch_methods.backward(torch_methods.oracle),
        ),
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
