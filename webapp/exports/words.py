"""Says what an export is, and what the check of a blurred copy found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from webapp.exports.choices import SoundChoice, StyleChoice, Whom
from webapp.exports.copy_queries import CopiesPlan
from webapp.exports.coverage_words import coverage_lines, unconfirmed_lines
from webapp.exports.models import Export, ExportKind
from webapp.exports.reel_queries import ReelPlan
from webapp.http.clock import clock, clock_length
from webapp.http.list_words import filled, listed, listed_with_and, sentences
from webapp.jobs.words import time_needed
from webapp.people.models import Person
from webapp.uploads import rules
from webapp.videos.models import Video

MEANINGS: dict[str, Promise] = {
    ExportKind.CLIP: gettext_lazy("One appearance of a person as a video of its own."),
    ExportKind.REEL: gettext_lazy("All moments of the selected people, one after the other, with sound."),
    ExportKind.BLUR: gettext_lazy(
        "A copy in which the faces you choose are hidden. Every frame of the copy is checked afterwards."
    ),
    ExportKind.CHAPTERS: gettext_lazy("A copy whose chapters say who is on screen. Most players list them."),
    ExportKind.PICTURE: gettext_lazy("One frame as a picture in which faces are hidden."),
}
TOO_MANY = gettext_lazy("You have several exports at work already. Wait until one is done, or cancel one.")
NOBODY_CHOSEN = gettext_lazy("Select at least one person.")
NO_ROOM = gettext_lazy(
    "The server is out of disk space. Delete videos or exports that you no longer need, then try again."
)
BLURRED: dict[str, Promise] = {
    Whom.EVERYBODY: gettext_lazy("%(video)s, everyone blurred"),
    Whom.CHOSEN: gettext_lazy("%(video)s, %(who)s blurred"),
    Whom.OTHERS: gettext_lazy("%(video)s, everyone except %(who)s blurred"),
}
WHOM_OF: dict[str, Promise] = {
    Whom.CHOSEN: gettext_lazy("Only %(who)s"),
    Whom.OTHERS: gettext_lazy("Everyone except %(who)s"),
}
"""Whom copies of somebody's videos hide."""
PEOPLE_OF: dict[str, Promise] = {
    Whom.CHOSEN: gettext_lazy("Blurred people"),
    Whom.OTHERS: gettext_lazy("People who stay visible"),
}
"""What the people of a blurred copy or picture are to it."""
LINKED = gettext_lazy("A shared link uses this file. Choose Delete again to delete it together with the link.")
MOST_NAMES, MOST_TIMES = 3, 10


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A sentence about a finished export; `is_bad` where somebody must look before passing it on."""

    text: str
    is_bad: bool = False


def names_of(people: Sequence[Person]) -> str:
    """Returns "Tom", "Tom and Anna", "Tom, Anna, Eve and 4 others"."""
    names = [str(person) for person in people[:MOST_NAMES]]
    left = len(people) - len(names)
    if left:
        names.append(ngettext("%(n)d other", "%(n)d others", left) % {"n": left})
    return listed_with_and(names)


def title_of_export(export: Export) -> str:
    """Returns what an export and its file are called, in the reader's language unless it has a title of its own."""
    if export.title:
        return export.title
    now = {person.merged_into or person for person in export.people.all()}
    people = sorted(now, key=lambda person: (person.is_unnamed, -person.screen_s, person.number))
    return title_of(export.kind, _videos_in(export), people, export.options)


def _videos_in(export: Export) -> list[Video]:
    """Returns the videos of an export; of a finished reel those of which a moment is in it."""
    videos = list(export.videos.all())
    if export.kind != ExportKind.REEL or not export.report:
        return videos
    used = {export.report["videos"][part["source"]] for part in export.report["parts"]}
    return [video for video in videos if str(video.pk) in used]


def title_of(kind: str, videos: Sequence[Video], people: Sequence[Person], options: Mapping[str, Any]) -> str:
    """Returns what an export of these is called."""
    if not videos:
        return str(ExportKind(kind).label)
    who, video = names_of(people), videos[0].title
    start_s = options.get("start_s", options.get("time_s", 0.0))
    if kind == ExportKind.CLIP:
        return filled(_("%(who)s at %(time)s in %(video)s"), who=who, time=clock(start_s), video=video)
    if kind == ExportKind.REEL and len(videos) > 1:
        count = ngettext("%(n)d video", "%(n)d videos", len(videos)) % {"n": len(videos)}
        return filled(_("Highlights of %(who)s from %(videos)s"), who=who, videos=count)
    if kind == ExportKind.REEL:
        return filled(_("Highlights of %(who)s from %(videos)s"), who=who, videos=video)
    if kind == ExportKind.PICTURE:
        video = _("%(video)s at %(time)s") % {"video": video, "time": clock(start_s)}
    if kind == ExportKind.CHAPTERS:
        return _("%(video)s, with chapters") % {"video": video}
    return filled(str(BLURRED[options.get("whom", Whom.EVERYBODY)]), video=video, who=who)


def too_many_copies(free: int) -> str:
    """Says that more copies are wished for than may begin now."""
    if free >= settings.EXPORTS_PER_PERSON:
        words = ngettext(
            "At most %(n)d export can be made at once. Select fewer videos.",
            "At most %(n)d exports can be made at once. Select fewer videos.",
            free,
        )
        return words % {"n": free}
    if free < 1:
        return str(TOO_MANY)
    words = ngettext(
        "You have exports at work already and can start %(n)d more. Select fewer videos.",
        "You have exports at work already and can start %(n)d more. Select fewer videos.",
        free,
    )
    return words % {"n": free}


def plan_lines(plan: CopiesPlan) -> list[str]:
    """Says how many copies will be made, what that takes, and of which videos none is made."""
    lines = []
    count = len(plan.copies)
    if count:
        words = ngettext("%(n)d copy, %(length)s long", "%(n)d copies, %(length)s long together", count)
        parts = [words % {"n": count, "length": clock_length(plan.length_s)}]
        parts.append(time_needed(plan.low_s, plan.high_s))
        if plan.high_bytes:
            sizes = {"low": rules.size(round(plan.low_bytes)), "high": rules.size(round(plan.high_bytes))}
            parts.append(_("%(low)s to %(high)s") % sizes)
        lines.append(" · ".join(filter(None, parts)))
    if plan.left_out:
        words = ngettext(
            "%(n)d video is left out: nobody you selected was found in it.",
            "%(n)d videos are left out: nobody you selected was found in them.",
            plan.left_out,
        )
        lines.append(words % {"n": plan.left_out})
    return lines


def no_moment(plan: ReelPlan) -> str:
    """Says that a reel would be empty, and what to do about it."""
    if plan.too_short:
        step = _("Choose a smaller number of seconds under Advanced, or other people.")
    elif plan.together:
        step = _("Choose other people, or allow moments in which not all of them are on screen.")
    else:
        step = _("Choose other people.")
    return sentences(_("There is no moment to show."), step)


def reel_lines(plan: ReelPlan) -> list[str]:
    """Says how many moments of how many videos are in a reel, how long it is, and what is too short to be in it."""
    lines = []
    moments = ngettext("%(n)d moment", "%(n)d moments", plan.moments) % {"n": plan.moments}
    if not plan.moments:
        lines.append(no_moment(plan))
    elif plan.of_videos > 1:
        words = ngettext("%(n)d of %(all)d video", "%(n)d of %(all)d videos", plan.of_videos)
        videos = words % {"n": plan.videos, "all": plan.of_videos}
        if plan.videos == plan.of_videos:
            videos = ngettext("%(n)d video", "%(n)d videos", plan.videos) % {"n": plan.videos}
        whole = _("%(moments)s from %(videos)s, %(length)s long")
        lines.append(whole % {"moments": moments, "videos": videos, "length": clock_length(plan.length_s)})
    else:
        lines.append(_("%(moments)s, %(length)s long") % {"moments": moments, "length": clock_length(plan.length_s)})
    if plan.too_short:
        words = ngettext(
            "%(n)d appearance is left out: it is shorter than %(least)s s.",
            "%(n)d appearances are left out: they are shorter than %(least)s s.",
            plan.too_short,
        )
        lines.append(words % {"n": plan.too_short, "least": f"{plan.min_s:g}"})
    return lines


def started(count: int) -> str:
    """Says that exports began."""
    if count == 1:
        return _("Started. You can download it here when it is done.")
    words = ngettext(
        "Started %(n)d export. You can download it here when it is done.",
        "Started %(n)d exports. You can download them here when they are done.",
        count,
    )
    return words % {"n": count}


def style_of(export: Export) -> str:
    """Returns how a blurred copy or picture hides faces; of other kinds nothing."""
    style = export.options.get("style", "")
    return str(StyleChoice(style).label) if style in StyleChoice.values else ""


def sound_of(export: Export) -> str:
    """Returns what became of the sound of a blurred copy where it was not kept; of other kinds nothing."""
    sound = export.options.get("sound", SoundChoice.KEEP)
    return "" if sound == SoundChoice.KEEP else _("Sound: %(sound)s") % {"sound": SoundChoice(sound).label}


def people_heading(export: Export) -> str:
    """Returns what the people of an export are to it."""
    return str(PEOPLE_OF.get(export.options.get("whom", ""), _("People")))


def report_lines(export: Export) -> list[ReportLine]:
    """Returns what the report of a finished export says; nothing before."""
    if not export.report:
        return []
    if export.kind == ExportKind.BLUR:
        return _of_blur(export)
    if export.kind == ExportKind.PICTURE:
        return _of_picture(export.report)
    if export.kind == ExportKind.CHAPTERS:
        chapters = export.report["chapters"]
        return [ReportLine(ngettext("%(n)d chapter", "%(n)d chapters", chapters) % {"n": chapters})]
    plan = ReelPlan(
        len(export.report["parts"]),
        len(_videos_in(export)),
        len(export.videos.all()),
        export.report["duration_s"],
        export.report.get("too_short", 0),
        export.options.get("min_s", 0.0),
        export.options.get("together", False),
    )
    return [ReportLine(line) for line in reel_lines(plan)]


def _of_blur(export: Export) -> list[ReportLine]:
    report, who = export.report, names_of(list(export.people.all()))
    is_named = export.options.get("whom") == Whom.CHOSEN
    checked = {"n": number_format(report["frames_checked"], force_grouping=True), "who": who}
    percent = number_format(round(100 * report["share_hidden"], 1), 1)  # which cuts off what it is not to show
    share = _("%(share)s %% of the picture is blurred.") % {"share": percent}
    further = [ReportLine(line) for line in (*_kept(export, who), *unconfirmed_lines(report), share)]
    if is_named:
        further = [*map(ReportLine, coverage_lines(report, export.people.all())), *further]
    if not report["frames_found"]:
        words = (
            ngettext(
                "Checked %(n)s frames: %(who)s was found in none.",
                "Checked %(n)s frames: %(who)s were found in none.",
                export.people.count(),
            )
            if is_named
            else _("Checked %(n)s frames: nobody who should be blurred was found.")
        )
        return [ReportLine(filled(words, **checked)), *_limits(report), *further]
    found = report["frames_found"]
    words = ngettext(
        "%(who)s may still be recognisable in %(n)d frame: at %(times)s. Look at it before you share the copy.",
        "%(who)s may still be recognisable in %(n)d frames: at %(times)s. Look at them before you share the copy.",
        found,
    )
    someone = who if is_named else _("Someone")
    said = filled(words, who=someone, n=found, times=_times(report["found_at_s"]))
    return [ReportLine(said, True), *further]


def _kept(export: Export, who: str) -> list[str]:
    """Returns in how many frames whoever should stay visible is not; reports of earlier versions do not say it."""
    hidden = export.report.get("frames_kept_hidden", 0)
    if not hidden:
        return []
    words = ngettext(
        "%(who)s should stay visible, but is blurred in %(n)s of %(all)s frames to be on the safe side.",
        "%(who)s should stay visible, but are blurred in %(n)s of %(all)s frames to be on the safe side.",
        export.people.count(),
    )
    counts = (number_format(count, force_grouping=True) for count in (hidden, export.report["frames_with_kept"]))
    return [filled(words, who=who, **dict(zip(("n", "all"), counts, strict=True)))]


def _limits(report: dict[str, int]) -> list[ReportLine]:
    """Returns what the check of a copy cannot tell; reports of earlier versions do not say it."""
    if "least_face_px" not in report:
        return []
    words = _(
        "The check can miss faces that are smaller than %(n)d pixels, turned away or partly covered. "
        "Watch the copy before you share it."
    )
    return [ReportLine(words % {"n": report["least_face_px"]})]


def _times(times_s: Sequence[float]) -> str:
    shown = list(dict.fromkeys(clock(time_s) for time_s in times_s))
    return listed(shown[:MOST_TIMES]) + (" …" if len(shown) > MOST_TIMES else "")


def _of_picture(report: dict[str, int]) -> list[ReportLine]:
    hidden, found = report["faces_hidden"], report["faces_found"]
    words = ngettext("%(n)d face is blurred.", "%(n)d faces are blurred.", hidden) % {"n": hidden}
    if not found:
        return [ReportLine(words)]
    left = ngettext(
        "%(n)d face may still be recognisable. Look at the picture before you share it.",
        "%(n)d faces may still be recognisable. Look at the picture before you share it.",
        found,
    )
    return [ReportLine(words), ReportLine(left % {"n": found}, True)]
