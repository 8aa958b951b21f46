"""The web server: the opened folder, the queue of its videos, media, and authentication."""
