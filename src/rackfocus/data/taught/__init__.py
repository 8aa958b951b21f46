"""Training photographs with relative depth, or with the true light where they are clipped."""
