"""One open video: its annotation as an editable document, with undo, import and export."""
