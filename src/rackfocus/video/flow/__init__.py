"""Optical flow between two frames, warping by it, and `.flo` files."""
