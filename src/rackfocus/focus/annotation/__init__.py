"""Files of focus annotations: when and where a video is to be focused."""
