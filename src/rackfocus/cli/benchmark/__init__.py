"""`rackfocus benchmark`: time and memory of each stage, one module per benchmark."""
