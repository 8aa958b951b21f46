"""Whether autofocus is on who speaks: in composed conversations, and in recorded ones."""
