"""Evaluation of networks and published models on single pictures with ground truth."""
