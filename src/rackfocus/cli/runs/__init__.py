"""The run of a command: its folder, what is recorded there, how it is resumed, and the jobs of a sweep."""
