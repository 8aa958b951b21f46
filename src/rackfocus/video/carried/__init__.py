"""What else belongs to a video and is carried into a new file: tags, chapters, time code, subtitles."""
