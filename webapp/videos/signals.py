"""Signals by which other apps learn what happens to a video. Each is sent within the transaction that makes it happen,
so receivers should be quick, and an error of theirs undoes it."""

from django.dispatch import Signal

video_analysed = Signal()
"""Carries `analysis`, now the one that is shown."""
video_deleted = Signal()
"""Carries `video`, from now on out of sight; it can be restored until it is purged."""
video_restored = Signal()
"""Carries `video`, whose own job has been started again, and `deleted_at`, the time of the deletion that stopped it."""
video_purging = Signal()
"""Carries `video`, whose rows go at the end of the transaction; its files are gone already."""
