"""Photographs of one scene that differ in aperture or focus, and what is rendered like them."""
