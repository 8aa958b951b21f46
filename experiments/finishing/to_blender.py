"""Blurs exported frames by Blender's Defocus node, driven by their disparity.

    blender -b -P to_blender.py -- FRAMES TARGET --focus track.json --f-number 1.4

FRAMES is the folder that `rackfocus clip export` wrote. TARGET gets an OpenEXR file a frame, scene-linear,
and `finishing.blend`, in which the focal disparity and the aperture ratio are animated values of two Math
nodes. Tried with Blender 3.4.1, 4.2.23, 4.5.15 and 5.0.1.
"""

import math
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from shot import Shot, ShotError, arguments_of


def disk_px(version: tuple[int, ...]) -> float:
    """What is added to each radius, so that light has the second moment that it has in a disk of this radius.

    Before version 4.2 the node counts pixels whose centre is nearer than the radius, too few for a disk; from
    then on too many. Found by `compare.py`.
    """
    return 0.25 if version < (4, 2, 0) else -0.25


def operations(shot: Shot, disk_px: float) -> tuple[tuple[str, str, tuple[float, ...]], ...]:
    """From disparity to the blur radius `alpha |D - D_focal|`: Math nodes, one after the other.

    Each has a label, an operation, and its second operand: one for each frame, one for all, or none.
    """
    return (
        ("focal disparity", "SUBTRACT", shot.focal_px),
        ("distance", "ABSOLUTE", ()),
        ("aperture ratio", "MULTIPLY", shot.aperture_ratios),
        ("disk", "ADD", (disk_px,)),
    )


def build(bpy: Any, shot: Shot, target: Path) -> None:
    """Make the scene: the frames, the operations, the Defocus node, and the output."""
    scene = bpy.context.scene
    tree, kinds = compositor(bpy, scene)
    nodes, links = tree.nodes, tree.links
    frames, (width, height) = sequence(bpy, nodes, shot, shot.folder)
    scene.frame_start, scene.frame_end = shot.first, shot.last
    scene.render.resolution_x, scene.render.resolution_y = width, height
    scene.render.resolution_percentage = 100
    scene.render.filepath = str(target / f"{shot.stem}.######")
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.image_settings.color_depth = "32"

    if "Depth" in frames.outputs:
        radius, largest_px = frames.outputs["Depth"], math.hypot(width, height)
    else:
        largest_px = write_disparity(shot, target / "disparity")
        node, _ = sequence(bpy, nodes, shot, target / "disparity")
        radius = node.outputs["Image"]
    for label, operation, operands in operations(shot, disk_px(bpy.app.version)):
        node = nodes.new(kinds["math"])
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
    defocus.blur_max = largest_px + 1  # from version 4.2 on what is much larger is slow, and coarse
    defocus.bokeh, defocus.angle = "CIRCLE", 0.0
    for mode in {"use_gamma_correction", "use_preview"} & set(defocus.bl_rna.properties.keys()):
        setattr(defocus, mode, False)  # of versions before 5
    links.new(frames.outputs["Image"], defocus.inputs["Image"])
    links.new(radius, defocus.inputs["Z"])
    links.new(defocus.outputs["Image"], nodes.new(kinds["output"]).inputs["Image"])
    for number, node in enumerate(nodes):
        node.location = 200 * number, 0


def compositor(bpy: Any, scene: Any) -> tuple[Any, dict[str, str]]:
    """An empty tree of nodes that composes the scene, and the types of node that depend on the version."""
    if bpy.app.version < (5, 0, 0):
        scene.use_nodes = True
        scene.node_tree.nodes.clear()
        return scene.node_tree, {"math": "CompositorNodeMath", "output": "CompositorNodeComposite"}
    tree = bpy.data.node_groups.new("finishing", "CompositorNodeTree")
    tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
    scene.compositing_node_group = tree
    return tree, {"math": "ShaderNodeMath", "output": "NodeGroupOutput"}


def sequence(bpy: Any, nodes: Any, shot: Shot, folder: Path) -> tuple[Any, tuple[int, int]]:
    """A node that reads the shot's files in a folder as they are, and their width and height."""
    image = bpy.data.images.load(str(folder / (shot.files % shot.first)))
    size = tuple(image.size)  # of a sequence it would be 0
    image.source, image.colorspace_settings.name = "SEQUENCE", "Non-Color"
    node = nodes.new("CompositorNodeImage")
    node.image, node.frame_duration = image, len(shot.focal_px)
    node.frame_start, node.frame_offset = shot.first, shot.first - 1
    return node, size


def write_disparity(shot: Shot, folder: Path) -> float:
    """Write Z as R, G and B for Blender from version 4.2 on, which hides Z; the largest blur radius."""
    try:
        oiio = import_module("OpenImageIO")
    except ImportError as error:
        raise ShotError("OpenImageIO is missing; install it for the Python of Blender.") from error
    folder.mkdir(exist_ok=True)
    largest_px = 0.0
    focuses = zip(shot.focal_px, shot.aperture_ratios, strict=True)
    for frame, (focal, ratio) in enumerate(focuses, shot.first):
        exported = oiio.ImageBuf(str(shot.folder / (shot.files % frame)))
        disparity = oiio.ImageBufAlgo.channels(exported, ("Z", "Z", "Z"), ("R", "G", "B"))
        disparity.set_write_format("float")
        disparity.write(str(folder / (shot.files % frame)))
        found = oiio.ImageBufAlgo.computePixelStats(disparity)
        largest_px = max(largest_px, *(ratio * abs(end - focal) for end in (found.min[0], found.max[0])))
    return largest_px


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
