"""Optics: the thin lens, radiometry and the renderer F(I, D, E)."""
