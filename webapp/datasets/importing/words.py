"""Words for imports: what a source is good for, how much an import will add, what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from webapp.datasets.models import Import, Outcome, Source

NAMES_SHOWN = 3

SOURCES: dict[str, tuple[str, Promise, Promise]] = {
    Source.PEOPLE: ("people", gettext_lazy("People in videos"), gettext_lazy("Faces found in your videos.")),
    Source.FRAMES: (
        "videos",
        gettext_lazy("Frames from videos"),
        gettext_lazy("One every few seconds, or one per shot."),
    ),
    Source.MOMENTS: (
        "videos",
        gettext_lazy("Clips from videos"),
        gettext_lazy("A few seconds around people, or at regular intervals."),
    ),
    Source.PICTURES: ("upload", gettext_lazy("Pictures from your computer"), gettext_lazy("As many as you like.")),
    Source.ARCHIVE: (
        "download",
        gettext_lazy("ZIP file"),
        gettext_lazy("Folders become labels. COCO and CSV lists work too."),
    ),
    Source.VIDEOS: (
        "play",
        gettext_lazy("Videos from your computer"),
        gettext_lazy("Only for this dataset. They are not added to Videos."),
    ),
    Source.SYNTHETIC: (
        "datasets",
        gettext_lazy("Sample pictures"),
        gettext_lazy("Painted faces for trying things out."),
    ),
}
"""Icon, name, and what it is."""


@dataclass(frozen=True, slots=True)
class Expected:
    """How much an import would bring; `count` is None where only reading the videos will tell."""

    count: int | None
    people: int = 0
    videos: int = 0
    at_most: bool = False


def of_expected(expected: Expected) -> str:
    """Returns "This will add 312 samples · 4 people · 3 videos", or that nothing is selected."""
    if expected.count == 0:
        return _("Nothing selected yet.")
    places = []
    if expected.people:
        places.append(ngettext("%(n)d person", "%(n)d people", expected.people) % {"n": expected.people})
    if expected.videos:
        places.append(ngettext("%(n)d video", "%(n)d videos", expected.videos) % {"n": expected.videos})
    where = " · ".join(places)
    if expected.count is None:
        return _("The number of samples is known once the videos have been scanned (%(where)s).") % {"where": where}
    words = ngettext("This will add %(n)d sample", "This will add %(n)d samples", expected.count) % {
        "n": expected.count
    }
    if expected.at_most:
        words = ngettext(
            "This will add at most %(n)d sample", "This will add at most %(n)d samples", expected.count
        ) % {"n": expected.count}
    return f"{words} · {where}" if where else words


def of_counts(counts: dict[str, int]) -> list[str]:
    """Returns "312 added", "4 already in the dataset", ...: each outcome with its count, the added first."""
    words = {
        Outcome.ADDED: ngettext("%(n)d added", "%(n)d added", counts.get(Outcome.ADDED, 0)),
        Outcome.ALREADY_THERE: _("%(n)d already in the dataset"),
        Outcome.TOO_SMALL: _("%(n)d too small"),
        Outcome.TOO_LARGE: _("%(n)d too large"),
        Outcome.UNREADABLE: _("%(n)d unreadable"),
        Outcome.NOT_A_SAMPLE: _("%(n)d neither picture nor clip"),
    }
    return [words[outcome] % {"n": counts[outcome]} for outcome in Outcome if counts.get(outcome)]


def of_notes(of_import: Import) -> list[str]:
    return [sentence for note in of_import.options.get("notes", []) if (sentence := _of_note(note))]


def _of_note(note: dict[str, object]) -> str:
    code = note.get("code")
    if code == "one_label" and isinstance(names := note.get("names"), list):
        return _(
            "“%(first)s” and “%(second)s” differ only in upper and lower case, so they were merged into one label."
        ) % {"first": names[0], "second": names[-1]}
    if code == "too_many_labels":
        return _(
            "The dataset has reached its maximum number of labels. Samples with other labels were added unlabelled."
        )
    if code == "unknown_categories":
        return _("%(count)s boxes have a category that is not in the list. They were added unlabelled.") % note
    if code == "broken_list" and note.get("line"):
        return _("“%(file)s” cannot be read from line %(line)s onwards. Fix it, then upload the ZIP again.") % note
    if code == "broken_list":
        words = _("“%(file)s” cannot be read because of an error in %(place)s. Fix it, then upload the ZIP again.")
        return words % note
    return ""


def title_of(source: Source, people: Sequence[str], videos: Sequence[str], count: int) -> str:
    """Returns what the page calls the import."""
    if source == Source.PICTURES:
        return ngettext("%(n)d picture", "%(n)d pictures", count) % {"n": count}
    if source in (Source.VIDEOS, Source.ARCHIVE):
        return ngettext("%(n)d file", "%(n)d files", count) % {"n": count}
    names = list(people or videos)
    shown = ", ".join(names[:NAMES_SHOWN])
    rest = len(names) - NAMES_SHOWN
    return shown if rest <= 0 else _("%(names)s and %(n)d more") % {"names": shown, "n": rest}
