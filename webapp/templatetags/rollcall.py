"""Template tags of Rollcall: icons, durations, sizes, the import map, and words about jobs and videos."""

import json
from functools import cache

from django import template
from django.conf import settings
from django.http import QueryDict
from django.template.context import RequestContext
from django.templatetags.static import static
from django.utils.functional import Promise
from django.utils.html import format_html, json_script
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from webapp.jobs import words as jobs_words
from webapp.jobs.words import FailureWords
from webapp.library import video_words
from webapp.library.queries import CardPeople
from webapp.library.video_words import Problem
from webapp.people.identification import confidence_words
from webapp.picture_types import PICTURE_TYPES
from webapp.templatetags.browser_strings import STRINGS
from webapp.videos.models import Video, VideoState

register = template.Library()

LIBRARIES = {
    "@hotwired/turbo": "vendor/turbo/turbo.es2017-esm.js",
    "tus": "vendor/tus/tus.min.js",
    "uplot": "vendor/uplot/uPlot.esm.js",
}
CLASSIC = {"theme"}
"""Loaded before the first paint by an ordinary script element; not a module."""
SIZE_STEP, SIZE_UNITS = 1024, ("B", "KB", "MB", "GB", "TB")
FETCHED_LATER = {"tus", "uplot"}
"""Only when somebody uploads, or looks at curves."""


@register.simple_tag
def icon(name: str, extra_class: str = "") -> SafeString:
    """One drawing of `static/icons.svg`; decoration only, so that words beside it carry the meaning."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        extra_class,
        static("icons.svg"),
        name,
    )


@register.filter
def duration(seconds: float | None) -> str:
    """A position or length as on a player: "0:48", "12:40", "1:02:14"."""
    whole = int(seconds or 0)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@register.filter
def spoken_duration(seconds: float | None) -> str:
    """A length in words: "6 h 12 min", "24 min", "48 s", "under 1 s"."""
    value = seconds or 0.0
    if 0 < value < 0.95:
        return _("under 1 s")
    if value < 59.5:
        return _("%(seconds)d s") % {"seconds": round(value)}
    minutes = round(value / 60)
    if minutes < 60:
        return _("%(minutes)d min") % {"minutes": minutes}
    return _("%(hours)d h %(minutes)d min") % {"hours": minutes // 60, "minutes": minutes % 60}


@register.filter
def screen_time(seconds: float | None) -> str:
    """As `spoken_duration`; somebody seen in a single picture was there for a moment all the same."""
    return spoken_duration(max(seconds or 0.0, 0.1))


@register.filter
def screen_time_or_nothing(seconds: float | None) -> str:
    """As `screen_time`; a dash where it is not there at all."""
    return screen_time(seconds) if seconds else "–"


@register.filter
def failure(code: str) -> FailureWords:
    """What happened and what to do next, for the code with which a job failed."""
    return jobs_words.explain(code)


@register.filter
def size(size_bytes: int | None) -> str:
    """Bytes in words, in steps of 1024 as Django counts: "812 KB", "1.4 GB", "20 GB"."""
    value, unit = float(size_bytes or 0), 0
    while value >= SIZE_STEP and unit < len(SIZE_UNITS) - 1:
        value, unit = value / SIZE_STEP, unit + 1
    return f"{value:.{int(unit > 1 and value < 10)}f} {SIZE_UNITS[unit]}"


@register.filter
def span(appearance: tuple[float, float]) -> str:
    """A stretch of time: "0:05–0:12"."""
    return f"{duration(appearance[0])}–{duration(appearance[1])}"


@register.filter
def percent(share: float | None) -> str:
    """Whole percents; something that is there never reads as 0 %."""
    value = share or 0.0
    return _("under 1 %") if 0 < value < 1 else _("%(percent)d %%") % {"percent": round(value)}


@register.filter
def as_percent(share: float | None) -> str:
    """0..1 as whole percents: "30 %"."""
    return _("%(percent)d %%") % {"percent": round(100 * (share or 0.0))}


@register.filter
def hue(index: int | None) -> str:
    """The class that gives a person's colour."""
    return f"hue-{(index or 0) % 12}"


@register.filter
def attribute(number: float) -> str:
    """A number for an SVG or data attribute: a point in every language."""
    return f"{float(number):.3f}".rstrip("0").rstrip(".")


@register.simple_tag
def picture_types() -> str:
    """For the `accept` of a field that takes pictures."""
    return PICTURE_TYPES


@register.filter
def problem(video: Video) -> Problem | None:
    """Why a video failed, and the next step."""
    return video_words.problem(video)


@cache
def _module_paths() -> dict[str, str]:
    own = sorted((settings.BASE_DIR / "static" / "js").glob("*.js"))
    return LIBRARIES | {f"rollcall/{path.stem}": f"js/{path.name}" for path in own if path.stem not in CLASSIC}


@register.simple_tag
def import_map() -> SafeString:
    """Names of our modules -> their (hashed) addresses. The names are what `import` lines in static/js say."""
    imports = {name: static(path) for name, path in _module_paths().items()}
    # Only addresses of our own files: nothing a visitor typed can stand in here.
    return mark_safe(json.dumps({"imports": imports}).replace("<", "\\u003c"))


@register.simple_tag
def module_addresses() -> list[str]:
    """For preloading: a browser would otherwise find them one import after the other."""
    return [static(path) for name, path in _module_paths().items() if name not in FETCHED_LATER]


@register.simple_tag
def browser_strings() -> SafeString:
    """Everything that JavaScript may say, in the viewer's language."""
    return json_script({key: str(words) for key, words in STRINGS.items()}, "strings")


@register.simple_tag(takes_context=True)
def with_query(context: RequestContext, **changes: object) -> str:
    """The page's own query string with some values changed; an empty value takes the key away."""
    request = context.get("request")
    query = request.GET.copy() if request is not None else QueryDict(mutable=True)
    for key, value in changes.items():
        if value in ("", None):
            query.pop(key, None)
        else:
            query[key] = str(value)
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def without_value(context: RequestContext, key: str, value: object, swap: str = "") -> str:
    """The page's own query string without one value of a key that may repeat; `swap` puts the value under that key."""
    query = context["request"].GET.copy()
    query.setlist(key, [each for each in query.getlist(key) if each != str(value)])
    query.pop("page", None)
    if swap:
        query.appendlist(swap, str(value))
    return f"?{query.urlencode()}"


THOROUGHNESS_WORDS: dict[str, tuple[Promise, Promise]] = {
    "fast": (gettext_lazy("Fast"), gettext_lazy("Checks fewer frames. May miss people who only pass by.")),
    "balanced": (gettext_lazy("Balanced"), gettext_lazy("Finds nearly everyone. Right for most videos.")),
    "thorough": (
        gettext_lazy("Thorough"),
        gettext_lazy("Checks more frames, and more closely, for small faces and crowds. Takes several times as long."),
    ),
}


@register.simple_tag
def thoroughness_choices() -> list[tuple[str, Promise, Promise]]:
    """Value, name and what it means."""
    return [(value, name, meaning) for value, (name, meaning) in THOROUGHNESS_WORDS.items()]


@register.filter
def not_shown(people: CardPeople) -> int:
    """How many people have no face on the card."""
    return people.count - len(people.faces)


@register.filter
def pairs(spans: list[tuple[float, float]]) -> str:
    """Stretches of time as JSON, for a data attribute."""
    return json.dumps([[round(start_s, 3), round(end_s, 3)] for start_s, end_s in spans])


@register.filter
def as_json(value: object) -> str:
    """For a data attribute."""
    return json.dumps(value, ensure_ascii=False)


@register.filter
def likeness_percent(likeness: float) -> int:
    """A cosine as people read it."""
    return confidence_words.percent(likeness)


@register.simple_tag
def state_chips(counts: dict[str, int]) -> list[tuple[str, str, int]]:
    """Value, name and number of videos of each state, in the order in which a video goes through them."""
    return [(state.value, str(state.label), counts.get(state.value, 0)) for state in VideoState]


@register.simple_tag
def scale(duration_s: float) -> list[float]:
    """Moments for the ends and thirds of a time axis."""
    return [duration_s * third / 3 for third in range(4)]


@register.filter
def minus(first: float, second: float) -> float:
    return first - second
