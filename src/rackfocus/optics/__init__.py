"""Optics: the thin lens, lens shapes, radiometry and the renderer F(I, D, E)."""

from rackfocus.optics.renderer import FORMULATIONS, Renderer, render, render_reference
from rackfocus.optics.thin_lens import depth_to_disparity, refocus_disparity

__all__ = [
    "FORMULATIONS",
    "Renderer",
    "depth_to_disparity",
    "refocus_disparity",
    "render",
    "render_reference",
]
