"""Evaluation of methods against ground truth: records, tables, pictures and pages."""
