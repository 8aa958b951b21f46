"""Writes a Natron script that blurs exported frames by a shader, driven by their disparity.

    python to_natron.py FRAMES shot.py --focus track.json --f-number 1.4
    NatronRenderer -w Shallow FIRST-LAST shot.py

Natron has no defocus node for depth. The script makes one of its Shadertoy node and `defocus.frag.glsl`; the
focal disparity and the aperture are animated values of an Add and a Multiply node before it. Natron itself
was not run.
"""

import sys
from pathlib import Path

from shot import Shot, arguments_of

SCRIPT = '''\
"""Blurs the frames of {stem} by their disparity; written by to_natron.py of rackfocus."""

SOURCE = {source!r}
TARGET = {target!r}
FIRST = {first!r}
FOCAL_DISPARITY = {focal!r}
APERTURE_RATIO = {ratios!r}
SHADER = {shader!r}


def createInstance(app, group):
    """Called by Natron when it opens this file."""
    reader = app.createReader(SOURCE)
    # Z becomes alpha.
    shuffle = app.createNode("net.sf.openfx.ShufflePlugin")
    shuffle.connectInput(1, reader)
    layer = next(each for each in reader.getAvailableLayers() if "Z" in each.getComponentsNames())
    shuffle.getParam("outputAChoice").setValue("A." + layer.getLayerName() + ".Z")
    focus = animated(app, "net.sf.openfx.AddPlugin", "Focus", shuffle, [-each for each in FOCAL_DISPARITY])
    aperture = animated(app, "net.sf.openfx.MultiplyPlugin", "Aperture", focus, APERTURE_RATIO)
    defocus = app.createNode("net.sf.openfx.Shadertoy")
    defocus.connectInput(0, aperture)
    defocus.getParam("imageShaderSource").setValue(SHADER)
    writer = app.createWriter(TARGET)
    writer.setScriptName("Shallow")
    writer.connectInput(0, defocus)


def animated(app, plugin, name, source, values):
    """A node that changes alpha, by another value in each frame."""
    node = app.createNode(plugin)
    node.setScriptName(name)
    node.connectInput(0, source)
    for channel in "RGBA":
        node.getParam("NatronOfxParamProcess" + channel).setValue(channel == "A")
    for number, value in enumerate(values):
        node.getParam("value").setValueAtTime(value, FIRST + number, 3)
    return node
'''


def natron_script(shot: Shot, target: Path) -> str:
    """The text of the script; its pictures are written beside it, in `shallow/`."""
    hashes = shot.files.replace("%06d", "######")
    return SCRIPT.format(
        stem=shot.stem,
        source=(shot.folder / hashes).as_posix(),
        target=(target.resolve().parent / "shallow" / hashes).as_posix(),
        first=shot.first,
        focal=shot.focal_px,
        ratios=shot.aperture_ratios,
        shader=Path(__file__).with_name("defocus.frag.glsl").read_text(encoding="utf-8"),
    )


def main() -> None:
    """Write the script that the command line names."""
    shot, target = arguments_of("to_natron.py", "Write a Natron script that blurs frames.", sys.argv[1:])
    target.write_text(natron_script(shot, target), encoding="utf-8")


if __name__ == "__main__":
    main()
