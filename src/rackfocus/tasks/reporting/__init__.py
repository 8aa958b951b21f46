"""What a training tells meanwhile: progress, tables, pictures, Weights & Biases."""
