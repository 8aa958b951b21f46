"""Networks and published models on single pictures, against what is known of each."""
