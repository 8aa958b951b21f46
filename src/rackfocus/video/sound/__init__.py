"""The sound of a video: carried into a new container, or decoded to samples."""
