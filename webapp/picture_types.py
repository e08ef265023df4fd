"""Which picture files a file chooser offers; other names are accepted too, since it is the content that counts."""

from analysis.images.read import SUFFIXES

PICTURE_TYPES = ",".join(("image/*", *sorted(SUFFIXES)))
"""With the endings of names: many systems do not know that HEIC and AVIF are pictures."""
