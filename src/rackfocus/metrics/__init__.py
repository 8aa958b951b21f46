"""Metrics of rendered images, disparity, HDR, optical flow, focus and saliency."""
