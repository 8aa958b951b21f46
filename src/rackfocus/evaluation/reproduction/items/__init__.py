"""What each figure, table and section of the paper is measured by."""
