"""The script that Blender runs: see `program`. It imports only the standard library and `bpy`."""

import json
import math
import sys
from array import array
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

THRESHOLD_PX = 1.0
"""Blender's default: prevents sharp pixels from bleeding into blurred ones."""


def main(folder: Path) -> None:
    """Render on request, with the files of the folder."""
    bpy = import_module("bpy")
    job = json.loads((folder / "job.json").read_text())
    width, height = job["width"], job["height"]
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y = width, height
    scene.render.resolution_percentage = 100
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.image_settings.color_depth = "32"
    scene.render.image_settings.exr_codec = "NONE"
    scene.use_nodes = True
    tree = scene.node_tree
    tree.nodes.clear()

    def image(name: str) -> Any:
        made = bpy.data.images.new(name, width, height, alpha=True, float_buffer=True, is_data=True)
        made.pixels.foreach_set(array("f", (folder / name).read_bytes()))
        made.update()
        node = tree.nodes.new("CompositorNodeImage")
        node.image = made
        return node.outputs["Image"]

    picture, blur = image("picture.raw"), image("blur.raw")
    defocus = tree.nodes.new("CompositorNodeDefocus")
    defocus.use_zbuffer = False
    defocus.z_scale = job["radius"]
    defocus.blur_max = math.ceil(job["radius"]) + 1
    defocus.bokeh = "CIRCLE"
    defocus.threshold = THRESHOLD_PX
    defocus.use_gamma_correction = False
    defocus.use_preview = False
    composite = tree.nodes.new("CompositorNodeComposite").inputs["Image"]
    tree.links.new(picture, defocus.inputs["Image"])
    tree.links.new(blur, defocus.inputs["Z"])

    def composited(output: Any) -> float:
        tree.links.new(output, composite)
        start = perf_counter()
        bpy.ops.render.render()
        return perf_counter() - start

    print("READY", flush=True)
    for _ in sys.stdin:
        without = composited(picture)
        seconds = composited(defocus.outputs["Image"]) - without
        path = str(folder / "out.exr")
        bpy.data.images["Render Result"].save_render(path)
        result = bpy.data.images.load(path)
        result.colorspace_settings.name = "Non-Color"
        pixels = array("f", bytes(4 * 4 * width * height))
        result.pixels.foreach_get(pixels)
        bpy.data.images.remove(result)
        (folder / "out.raw").write_bytes(pixels.tobytes())
        print("SECONDS", seconds, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[-1]))
