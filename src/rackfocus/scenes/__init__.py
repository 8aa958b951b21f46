"""Ray-traced scenes and clips: recipes generated from a seed, and their rendering by Mitsuba 3."""
