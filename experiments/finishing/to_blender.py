"""Blurs exported frames by Blender's Defocus node, driven by their disparity.

    blender -b -P to_blender.py -- FRAMES TARGET --focus track.json --f-number 1.4

FRAMES is the folder that `rackfocus clip export` wrote. TARGET gets an OpenEXR file a frame, scene-linear,
and `finishing.blend`, in which the focal disparity and the aperture ratio are animated values of two Math
nodes. Tried with Blender 3.4.1.
"""

import math
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from shot import Shot, ShotError, arguments_of

DISK_PX = 0.25
"""Added to each radius: the node counts pixels whose centre is nearer than the radius, too few for a disk."""


def operations(shot: Shot) -> tuple[tuple[str, str, tuple[float, ...]], ...]:
    """From disparity to the blur radius `alpha |D - D_focal|`: Math nodes, one after the other.

    Each has a label, an operation, and its second operand: one for each frame, one for all, or none.
    """
    return (
        ("focal disparity", "SUBTRACT", shot.focal_px),
        ("distance", "ABSOLUTE", ()),
        ("aperture ratio", "MULTIPLY", shot.aperture_ratios),
        ("disk", "ADD", (DISK_PX,)),
    )


def build(bpy: Any, shot: Shot, target: Path) -> None:
    """Make the scene: the frames, the operations, the Defocus node, and the output."""
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = shot.first, shot.last
    image = bpy.data.images.load(str(shot.folder / (shot.files % shot.first)))
    width, height = image.size  # of a sequence it would be 0
    image.source, image.colorspace_settings.name = "SEQUENCE", "Non-Color"
    scene.render.resolution_x, scene.render.resolution_y = width, height
    scene.render.resolution_percentage = 100
    scene.render.filepath = str(target / f"{shot.stem}.######")
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.image_settings.color_depth = "32"
    scene.use_nodes = True
    nodes, links = scene.node_tree.nodes, scene.node_tree.links
    nodes.clear()

    frames = nodes.new("CompositorNodeImage")
    frames.image, frames.frame_duration = image, len(shot.focal_px)
    frames.frame_start, frames.frame_offset = shot.first, shot.first - 1
    if "Depth" not in frames.outputs:
        raise ShotError(f"Blender {bpy.app.version_string} does not read Z of OpenEXR; use Blender 3.4.")
    radius = frames.outputs["Depth"]
    for label, operation, operands in operations(shot):
        node = nodes.new("CompositorNodeMath")
        node.label, node.operation = label, operation
        links.new(radius, node.inputs[0])
        for number, operand in enumerate(operands):
            node.inputs[1].default_value = operand
            if len(operands) > 1:
                node.inputs[1].keyframe_insert("default_value", frame=shot.first + number)
        radius = node.outputs["Value"]

    defocus = nodes.new("CompositorNodeDefocus")
    defocus.use_zbuffer = False  # Z is the radius, in units of z_scale pixels.
    defocus.z_scale = 1.0
    defocus.blur_max = math.hypot(width, height)
    defocus.bokeh, defocus.angle = "CIRCLE", 0.0
    defocus.use_gamma_correction = defocus.use_preview = False
    links.new(frames.outputs["Image"], defocus.inputs["Image"])
    links.new(radius, defocus.inputs["Z"])
    output = nodes.new("CompositorNodeComposite")
    links.new(defocus.outputs["Image"], output.inputs["Image"])
    for number, node in enumerate(nodes):
        node.location = 200 * number, 0


def main() -> None:
    """Render the shot that the command line names."""
    given = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else []
    shot, target = arguments_of("to_blender.py", "Blur exported frames by Blender's Defocus node.", given)
    target = target.resolve()
    target.mkdir(parents=True, exist_ok=True)
    bpy = import_module("bpy")
    try:
        build(bpy, shot, target)
    except ShotError as error:
        print(f"to_blender.py: {error}", file=sys.stderr)
        sys.exit(2)
    bpy.ops.wm.save_as_mainfile(filepath=str(target / "finishing.blend"))
    bpy.ops.render.render(animation=True)


if __name__ == "__main__":
    main()
