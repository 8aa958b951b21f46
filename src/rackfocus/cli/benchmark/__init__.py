"""`rackfocus benchmark`: what each stage costs in time and memory, a module each."""
