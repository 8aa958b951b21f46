"""Focus targets and focus tracks of videos: tables against truth, gaze and other annotators."""
