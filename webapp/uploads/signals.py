"""What uploads ask of the apps above them."""

from django.dispatch import Signal

stored_by_person = Signal()
"""Sent with `user`; receivers return how many bytes of what this person uploaded they keep."""
