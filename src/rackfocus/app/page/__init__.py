"""The user interface: the queue of a folder and the editor of a video, with JavaScript and CSS."""
