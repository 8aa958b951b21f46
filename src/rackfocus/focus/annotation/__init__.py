"""Files that say when and where a video is to be focused."""
