"""What the jobs app tells other apps, which it does not know."""

from django.dispatch import Signal

cleanup_due = Signal()
"""Sent every few seconds; receivers should be quick when there is nothing to do. One that raises is logged, and the
others still run."""
