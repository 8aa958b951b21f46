"""Subjects: the part of a region that is a subject, its disparity, and changes of subject."""
