"""Networks of others, with their own weights, behind the calls that ours have."""
