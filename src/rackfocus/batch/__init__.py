"""Batches: the same pipeline for each video of a folder, on one machine or on many."""
