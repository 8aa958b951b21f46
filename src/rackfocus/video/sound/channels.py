"""Channel orders of sound: the ones that a decoder is given, and the ones that AAC holds."""

from typing import Any

import av

AAC_LAYOUTS = {
    name: name.removesuffix("(side)")
    for name in ("mono", "stereo", "3.0", "4.0", "5.0", "5.0(side)", "5.1", "5.1(side)", "7.1")
}
"""The channel orders that players know in AAC, by those that they stand for."""

SPEAKERS = (
    "FL", "FR", "FC", "LFE", "BL", "BR", "FLC", "FRC", "BC",
    "SL", "SR", "TC", "TFL", "TFC", "TFR", "TBL", "TBC", "TBR",
)  # fmt: skip
"""Names of channels in the order that all files share."""


def settle_layout(codec: Any) -> str | None:
    """Give a decoder a channel order that can be mixed, before it is opened; returns its name.

    A track may list its channels in any order, or may not say what they are: then the usual order for their
    number is taken. A single channel is mono, whichever side it is said to be on.

    PyAV shares the memory of a listed order with the layouts and the frames that it returns, and each of them
    frees it. So it is asked for once, and replaced.

    Args:
        codec: the codec context of a sound stream of a container that was opened for reading.

    Returns:
        `None`: the channels cannot be mixed, as they are no loudspeakers, or more than have names.
    """
    layout = codec.layout
    name, count = str(layout.name), int(layout.nb_channels)
    if " channels" not in name:
        return None if name.startswith("ambisonic") else name
    try:
        usual = av.AudioLayout(f"{count}c")
    except ValueError:
        usual = av.AudioLayout("+".join(SPEAKERS[:count]) if count <= len(SPEAKERS) else f"{count}C")
    codec.layout = usual
    return usual.name if count <= len(SPEAKERS) else None
