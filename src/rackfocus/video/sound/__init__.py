"""The sound of a video: copied into a new container, or decoded to samples."""
