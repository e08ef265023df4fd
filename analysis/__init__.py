"""Finding, following and grouping faces in videos; a plain library that knows no web framework."""
