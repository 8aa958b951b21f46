"""Evaluation of the stabiliser against unfiltered disparity, on real and on rendered clips."""
