"""Evaluation against where viewers looked: focus points, saliency maps, and AF-Net trained from gaze."""
