"""AF-Net as autofocus."""
