"""What the database knows of the versions that used it."""

from django.db import models


class UsedVersion(models.Model):
    """A version that brought the database up to date; the last row is the one whose schema it has."""

    version = models.CharField(max_length=50)
    since = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.version} since {self.since:%Y-%m-%d}"
