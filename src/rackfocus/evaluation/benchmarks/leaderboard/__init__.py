"""The leaderboard: depth models, light models, renderers and autofocus against exact truth."""
