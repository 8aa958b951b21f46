"""Photographs of one scene that differ in aperture or focus, and renderings of the same form."""
