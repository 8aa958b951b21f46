"""What is worth focusing on: detectors that give every frame of a window a map of where they see it.

A detector is a call with a `ClipWindow`; one file each. They are swapped in `conf/detector`.
"""

from rackfocus.focus.detectors.window import ClipWindow, Detector, Sound

__all__ = ["ClipWindow", "Detector", "Sound"]
