"""What each stage costs in time and memory; the renderer beside others, and its quality."""
