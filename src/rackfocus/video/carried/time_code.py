"""Time codes (SMPTE ST 12-1): the name of a frame in hours, minutes, seconds and frames."""

import re
from fractions import Fraction

_TIME_CODE = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.])(\d\d\d?)")


def later(code: str, frames: int, fps: Fraction) -> str | None:
    """The time code some frames later.

    Drop-frame codes (with `;` or `.` before the frames) leave out the first numbers of each minute but every
    tenth: two at 29.97 frames a second, four at 59.94.

    Args:
        code: such as `01:00:00:00` or `01:00:00;00`.
        frames: number of frames, `>= 0`.
        fps: frames a second.

    Returns:
        `None`: this is no time code of that rate.
    """
    found = _TIME_CODE.fullmatch(code)
    rate = round(fps)
    if found is None or rate < 1:
        return None
    hours, minutes, seconds, mark, frame = found.groups()
    dropped = 0 if mark == ":" else rate // 15
    if dropped and fps not in (Fraction(30000, 1001), Fraction(60000, 1001)):
        return None
    minute = int(hours) * 60 + int(minutes)
    number = (minute * 60 + int(seconds)) * rate + int(frame) - dropped * (minute - minute // 10) + frames
    tens, rest = divmod(number, 600 * rate - 9 * dropped)
    single = max(0, rest - dropped) // (60 * rate - dropped)
    number += dropped * (9 * tens + single)
    rest, frame_number = divmod(number, rate)
    rest, second = divmod(rest, 60)
    hour, minute = divmod(rest, 60)
    return f"{hour % 24:02}:{minute:02}:{second:02}{mark}{frame_number:02}"
