"""Videos with where people look, and when focus is to change: what AF-Net learns from."""
