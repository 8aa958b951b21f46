"""The paper's figures, tables and claims beside ours: a folder for each, and one page."""
