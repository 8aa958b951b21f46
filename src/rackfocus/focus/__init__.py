"""Look-ahead autofocus: where and when a video is to be focused."""
