"""Methods against truth: records, tables, pictures and pages."""
