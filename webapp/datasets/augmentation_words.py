"""Words for how much training changes pictures at random."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from analysis.training.config import Augmentation

AUGMENTATION_WORDS: dict[str, Promise] = {
    Augmentation.NONE: _("None"),
    Augmentation.MIRROR: _("Mirrored"),
    Augmentation.LIGHT: _("Light"),
    Augmentation.STRONG: _("Strong"),
}
