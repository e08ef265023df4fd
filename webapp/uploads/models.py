"""What all resumable uploads have in common, whatever the file is for."""

import uuid

from django.db import models


class PartialUpload(models.Model):
    """A file that has not arrived completely (tus 1.0). Its bytes are in UPLOAD_DIR, under its id."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    size_bytes = models.PositiveBigIntegerField()
    offset_bytes = models.PositiveBigIntegerField(default=0)
    fingerprint = models.CharField(max_length=200, blank=True)
    """Name, size and time of change as the browser saw them: finds the upload again when the file is chosen again."""
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    expires_at = models.DateTimeField()

    class Meta:
        abstract = True

    @classmethod
    def every_kind(cls) -> "list[type[PartialUpload]]":
        """Returns the concrete models, one table for each use of uploads."""
        return PartialUpload.__subclasses__()
