"""Picture files: what they are, and their pixels."""
