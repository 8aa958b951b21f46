"""Ray-traced scenes and clips: recipes drawn from a seed, and what Mitsuba 3 makes of them."""
