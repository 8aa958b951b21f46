"""Light fields, and the photographs that are computed from them."""
