"""Detectors of what is worth focusing on: each returns a probability map for every frame of a window.

A detector is called with a `ClipWindow`; one file each, selected in `conf/detector`.
"""

from rackfocus.focus.detectors.window import ClipWindow, Detector, Sound

__all__ = ["ClipWindow", "Detector", "Sound"]
