"""From a video to its estimates, its focus track, its refocusable clip and the refocused video."""
