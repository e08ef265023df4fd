"""How long deleted things can be restored."""

from datetime import timedelta

UNDO_PERIOD = timedelta(minutes=10)
