"""`rackfocus prepare`: make a manifest of captures, label photographs by a teacher, cut out subjects."""
