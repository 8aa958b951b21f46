"""Photographs that teach relative depth, or the light where they are clipped."""
