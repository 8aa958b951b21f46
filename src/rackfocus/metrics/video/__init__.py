"""Scores of videos: change over time, motion, edges kept."""
