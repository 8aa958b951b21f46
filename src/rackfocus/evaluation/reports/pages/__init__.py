"""Reports as HTML pages, each a single file, and what their templates share."""
