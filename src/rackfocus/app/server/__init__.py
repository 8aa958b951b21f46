"""The web server: what was opened, the queue of its videos, media, and who may see them."""
