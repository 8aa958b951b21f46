"""Who speaks, and when: voice activity, the sound and faces for it, turns of a conversation."""
