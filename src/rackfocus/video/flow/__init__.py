"""Optical flow between two frames, and its files."""
