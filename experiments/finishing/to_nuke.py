"""Writes a Nuke script that blurs exported frames by ZDefocus, driven by their disparity.

    python to_nuke.py FRAMES shot.nk --focus track.json --f-number 1.4

With `math depth` ZDefocus takes depth, not disparity, and blurs as a thin lens does: what is at infinity by
`size`, what is at `center` not at all, so that depth `z` is blurred by `size (1 - center / z)`. An Expression
node gives each pixel the depth for which this is `alpha (D - D_focal)`; the focal disparity and the f-number
are its knobs. That `size` is a radius in pixels follows the set-up of ZDefocus that Epic publishes for Unreal
Engine (Movie Render Queue, World Depth). Nuke itself was not run.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from shot import REFERENCE_F_NUMBER, Shot, arguments_of

INFINITY_PX = 100.0
"""`size`: the blur radius of infinite depth. Any value does that is larger than the largest blur."""

SCRIPT = """\
version 13.0 v1
Root {{
 inputs 0
 frame {first}
 first_frame {first}
 last_frame {last}
}}
Read {{
 inputs 0
 file_type exr
 file {source}
 first {first}
 last {last}
 origfirst {first}
 origlast {last}
 raw true
 name Exported
}}
Expression {{
 channel0 depth
 expr0 "1 / max(1 - {reference:g} / f_number * (depth.Z - focal_disparity) / {infinity:g}, 0.001)"
 name Focus
 addUserKnob {{20 Focus}}
 addUserKnob {{7 focal_disparity l "focal disparity" t "in pixels at f/{reference:g}" R -32 32}}
 focal_disparity {{{{curve {focal}}}}}
 addUserKnob {{7 f_number l f-number R 0.7 22}}
 f_number {{{{curve {f_numbers}}}}}
}}
ZDefocus2 {{
 z_channel depth.Z
 math depth
 center 1
 size {infinity:g}
 max_size {infinity:g}
 filter_type disc
 legacy_resize_mode false
 show_legacy_resize_mode false
 name Defocus
}}
Write {{
 file {target}
 file_type exr
 raw true
 first {first}
 last {last}
 use_limit true
 name Shallow
}}
"""


def nuke_script(shot: Shot, target: Path) -> str:
    """The text of the script; its pictures are written beside it, in `shallow/`."""
    return SCRIPT.format(
        first=shot.first,
        last=shot.last,
        source=_quoted(shot.folder / shot.files),
        target=_quoted(target.resolve().parent / "shallow" / shot.files),
        focal=_curve(shot.first, shot.focal_px),
        f_numbers=_curve(shot.first, shot.f_numbers),
        reference=REFERENCE_F_NUMBER,
        infinity=INFINITY_PX,
    )


def _curve(first: int, values: Sequence[float]) -> str:
    return " ".join(f"x{first + number} {value:.6g}" for number, value in enumerate(values))


def _quoted(path: Path) -> str:
    """A path as a word of Tcl, the language of Nuke's scripts."""
    text = path.as_posix()
    for special in '\\"$[]':
        text = text.replace(special, f"\\{special}")
    return f'"{text}"'


def main() -> None:
    """Write the script that the command line names."""
    shot, target = arguments_of("to_nuke.py", "Write a Nuke script that blurs exported frames.", sys.argv[1:])
    target.write_text(nuke_script(shot, target), encoding="utf-8")


if __name__ == "__main__":
    main()
