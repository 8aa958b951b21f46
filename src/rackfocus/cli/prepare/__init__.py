"""`rackfocus prepare`: captures become a manifest, a teacher labels photographs, subjects are cut out."""
