"""One open video: its annotation as a document, what changes it, and what is read of it."""
