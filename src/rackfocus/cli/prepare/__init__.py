"""`rackfocus prepare`: a manifest of captures, labels by a teacher, cut-out subjects, views, shards."""
