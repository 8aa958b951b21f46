"""Speech: voice activity, sound and face pictures for speaker detection, turns of a conversation."""
