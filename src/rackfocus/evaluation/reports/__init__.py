"""Reports of evaluations: records and means, sheets of pictures, pages."""
