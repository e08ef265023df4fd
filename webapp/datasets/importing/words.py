"""Words for imports: what a source is good for, how much an import will add, what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from webapp.datasets.models import Import, Outcome, Part, Source
from webapp.http.list_words import listed

NAMES_SHOWN = 3

SOURCES: dict[str, tuple[str, Promise, Promise]] = {
    Source.PEOPLE: ("people", _("People in videos"), _("Faces found in your videos.")),
    Source.FRAMES: ("videos", _("Frames from videos"), _("One every few seconds, or one per shot.")),
    Source.MOMENTS: ("videos", _("Clips from videos"), _("A few seconds around people, or at regular intervals.")),
    Source.PICTURES: ("upload", _("Pictures from your computer"), _("As many as you like.")),
    Source.ARCHIVE: ("download", _("ZIP file"), _("Folders become labels. COCO, YOLO, Pascal VOC and CSV work too.")),
    Source.VIDEOS: ("play", _("Videos from your computer"), _("Only for this dataset. They are not added to Videos.")),
    Source.SYNTHETIC: ("datasets", _("Sample pictures"), _("Painted faces for trying things out.")),
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
        return gettext("Nothing selected yet.")
    places = []
    if expected.people:
        places.append(ngettext("%(n)d person", "%(n)d people", expected.people) % {"n": expected.people})
    if expected.videos:
        places.append(ngettext("%(n)d video", "%(n)d videos", expected.videos) % {"n": expected.videos})
    where = " · ".join(places)
    if expected.count is None:
        return gettext("The number of samples is known once the videos have been scanned (%(where)s).") % {
            "where": where
        }
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
        Outcome.ALREADY_THERE: gettext("%(n)d already in the dataset"),
        Outcome.TOO_SMALL: gettext("%(n)d too small"),
        Outcome.TOO_LARGE: gettext("%(n)d too large"),
        Outcome.UNREADABLE: gettext("%(n)d unreadable"),
        Outcome.NOT_A_SAMPLE: gettext("%(n)d neither picture nor clip"),
    }
    return [words[outcome] % {"n": counts[outcome]} for outcome in Outcome if counts.get(outcome)]


def of_parts(counts: Mapping[str, int]) -> str:
    """Returns "Training 312 · Validation 40 · Test 44", without what nothing is for."""
    return " · ".join(f"{part.label} {counts[part]}" for part in Part if counts.get(part))


def of_notes(of_import: Import) -> list[str]:
    return [sentence for note in of_import.options.get("notes", []) if (sentence := _of_note(note))]


def _of_note(note: dict[str, object]) -> str:
    code = note.get("code")
    if code == "one_label" and isinstance(names := note.get("names"), list):
        return gettext(
            "“%(first)s” and “%(second)s” differ only in upper and lower case, so they were merged into one label."
        ) % {"first": names[0], "second": names[-1]}
    if code == "too_many_labels":
        return gettext(
            "The dataset has reached its maximum number of labels. Samples with other labels were added unlabelled."
        )
    if code == "unknown_categories":
        return gettext("%(count)s boxes have a category that is not in the list. They were added unlabelled.") % note
    if code == "unsupported_compression":
        return gettext("“%(file)s” is packed with %(method)s.") % note
    if code == "no_class_names":
        return gettext("The ZIP has no list of class names (data.yaml), so the labels are the numbers of the classes.")
    if code == "parts" and isinstance(counts := note.get("counts"), dict):
        return gettext("Kept with their sets: %(parts)s.") % {"parts": of_parts(counts)}
    if code == "guessed_encoding":
        return gettext("“%(file)s” is not UTF-8 and was read as %(encoding)s. Check the labels.") % note
    if code == "broken_list":
        return _of_broken_list(note)
    return ""


def _of_broken_list(note: dict[str, object]) -> str:
    where = note.get("place") or (gettext("line %(line)s") % note if note.get("line") else "")
    encodings = note.get("encodings")
    facts = note | {"where": where, "encodings": " / ".join(encodings) if isinstance(encodings, list) else ""}
    return {
        "deep": gettext("“%(file)s” is nested too deeply."),
        "number": gettext("“%(file)s” holds a number with too many digits in %(where)s."),
        "large": gettext("“%(file)s” is larger than what can be read. Divide it among several ZIP files."),
        "many": gettext("“%(file)s” has too many entries (%(where)s). Divide it among several ZIP files."),
        "entities": gettext("“%(file)s” declares a document type (DTD), which is not read. Save it without one."),
        "damaged": gettext("“%(file)s” is damaged inside the ZIP. Create the ZIP again and upload it."),
        "encoding": gettext(
            "“%(file)s” is not UTF-8 (line %(line)s) but may be %(encodings)s. "
            "Save it as UTF-8, then upload the ZIP again."
        )
        if facts["encodings"]
        else gettext(
            "“%(file)s” is not UTF-8 (line %(line)s), and its encoding is unknown. "
            "Save it as UTF-8, then upload the ZIP again."
        ),
    }.get(str(note.get("reason")), _of_broken_place(note)) % facts


def _of_broken_place(note: dict[str, object]) -> str:
    if note.get("line"):
        return gettext("“%(file)s” cannot be read from line %(line)s onwards. Fix it, then upload the ZIP again.")
    return gettext("“%(file)s” cannot be read because of an error in %(place)s. Fix it, then upload the ZIP again.")


def title_of(source: Source, people: Sequence[str], videos: Sequence[str], count: int) -> str:
    """Returns what the page calls the import."""
    if source == Source.PICTURES:
        return ngettext("%(n)d picture", "%(n)d pictures", count) % {"n": count}
    if source in (Source.VIDEOS, Source.ARCHIVE):
        return ngettext("%(n)d file", "%(n)d files", count) % {"n": count}
    names = list(people or videos)
    shown = listed(names[:NAMES_SHOWN])
    rest = len(names) - NAMES_SHOWN
    return shown if rest <= 0 else gettext("%(names)s and %(n)d more") % {"names": shown, "n": rest}
