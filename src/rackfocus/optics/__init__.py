"""Optics: the thin lens, radiometry and the renderer F(I, D, E)."""

from rackfocus.optics.renderer import FORMULATIONS, Renderer, render
from rackfocus.optics.thin_lens import depth_to_disparity, refocus_disparity

__all__ = ["FORMULATIONS", "Renderer", "depth_to_disparity", "refocus_disparity", "render"]
