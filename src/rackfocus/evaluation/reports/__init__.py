"""What a person reads of an evaluation: records and means, sheets of pictures, pages."""
