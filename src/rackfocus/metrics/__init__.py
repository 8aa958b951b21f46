"""Metrics: of rendered images, disparity and HDR."""
