"""Evaluation of focus targets and focus tracks: tables against ground truth, gaze and other annotators."""
