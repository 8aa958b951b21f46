"""Losses, as functions of tensors and thin modules around them."""
