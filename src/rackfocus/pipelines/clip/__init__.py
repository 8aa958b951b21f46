"""Makes, reads, checks and exports refocusable clips, which are folders on disk."""
