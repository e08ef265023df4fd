"""How long what was deleted can be brought back."""

from datetime import timedelta

UNDO_PERIOD = timedelta(minutes=10)
