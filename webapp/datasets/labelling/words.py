"""What the grid says of the boxes that came with a sample."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from webapp.http.list_words import filled, listed

SHOWN = 3


def of_boxes(picture: str, boxes: list[list[Any]], *, is_cut_out: bool) -> str:
    """Returns "Cut out of a.jpg: cat at 10, 20, 64 × 48 px", or which boxes the picture has."""
    said = listed(_of_box(*box) for box in boxes[:SHOWN]) + (" …" if len(boxes) > SHOWN else "")
    if is_cut_out:
        return filled(_("Cut out of %(picture)s: %(boxes)s"), picture=picture, boxes=said)
    words = ngettext("%(n)d box in %(picture)s: %(boxes)s", "%(n)d boxes in %(picture)s: %(boxes)s", len(boxes))
    return filled(words, n=len(boxes), picture=picture, boxes=said)


def _of_box(left: float, top: float, width: float, height: float, label: str) -> str:
    place = {"left": round(left), "top": round(top), "width": round(width), "height": round(height)}
    if not label:
        return _("%(left)d, %(top)d (%(width)d × %(height)d px)") % place
    return filled(_("%(label)s at %(left)d, %(top)d (%(width)d × %(height)d px)"), label=label, **place)
