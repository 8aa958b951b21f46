"""Look-ahead autofocus: decides where and when a video is focused."""
