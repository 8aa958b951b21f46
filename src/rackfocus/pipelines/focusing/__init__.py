"""Looks for focus in a video: detectors and AF-Net find targets, whose subjects are followed."""
