"""Autofocus that weighs people who speak, act or face the camera, and what stands out."""
