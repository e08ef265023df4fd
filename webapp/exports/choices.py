"""What one chooses of an export; values of style, sound and order are those of `analysis.exports` (a test compares)."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Whom(TextChoices):
    """Whom a copy hides."""

    EVERYBODY = "everybody", _("Everyone")
    CHOSEN = "chosen", _("Only the people selected below")
    OTHERS = "others", _("Everyone except the people selected below")


class StyleChoice(TextChoices):
    """How a face is hidden."""

    PIXELS = "pixels", _("Pixelated")
    SOLID = "solid", _("Solid colour")


class SoundChoice(TextChoices):
    """What becomes of the sound."""

    KEEP = "keep", _("Keep")
    MUTE = "mute", _("Mute")
    PITCH = "pitch", _("Change the pitch of voices")


class OrderChoice(TextChoices):
    """In which order the moments of several videos follow each other."""

    VIDEO = "video", _("Video by video")
    TIME = "time", _("By date and time")
