"""Stabilised disparity beside that of each frame alone, on real and on rendered clips."""
