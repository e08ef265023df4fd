"""Says which way of training was used, and why."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from analysis.training.run_document import RunDocument
from webapp.http.list_words import listed_with_and, sentences
from webapp.training.models import RecipeChoice

FEATURES: dict[str, Promise] = {
    "clip": gettext_lazy("the frames and how they change"),
    "picture": gettext_lazy("what is in the whole picture"),
    "face": gettext_lazy("the face turned upright"),
    "face-layers": gettext_lazy("fine patterns as they occur in faces"),
    "finder": gettext_lazy("what finds faces"),
}


def why_this_method(document: RunDocument) -> str:
    """Returns one or two sentences, in the reader's language (`why` of the document is English)."""
    if document.get("recipe") != RecipeChoice.AUTO:
        return _("This training method was chosen when the run was started.")
    if not (features := document.get("features")):
        return _("A network that reads frames in order did better than a small classifier on a pretrained network.")
    used = listed_with_and(FEATURES.get(name, name) for name in features.split("+"))
    words = _("A small classifier on pretrained networks works best here. It uses %(used)s.") % {"used": used}
    others = len({each["features"] for each in document.get("tried", [])} - {features})
    if not others:
        return words
    compared = ngettext(
        "%(n)d other choice of features was not clearly better on held-out samples.",
        "%(n)d other choices of features were not clearly better on held-out samples.",
        others,
    )
    return sentences(words, compared % {"n": others})
