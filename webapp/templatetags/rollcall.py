"""Template tags: icons, durations, sizes, the import map, and words about jobs and videos."""

import json
import secrets
from functools import cache

from django import template
from django.conf import settings
from django.http import QueryDict
from django.template.context import RequestContext
from django.templatetags.static import static
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join, json_script
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from webapp.accounts.models import Team, User
from webapp.help_chapters import chapter_of
from webapp.http import list_words, local_time
from webapp.http.clock import clock, clock_length, duration_words
from webapp.hues import HUES
from webapp.jobs import words as jobs_words
from webapp.jobs.idempotency_responses import FIELD
from webapp.library import video_words
from webapp.library.queries import Card, CardPeople
from webapp.people.identification import confidence_words
from webapp.picture_types import PICTURE_TYPES
from webapp.templatetags.browser_strings import STRINGS
from webapp.uploads import quota_queries, rules
from webapp.uploads.quota_queries import StorageUse
from webapp.videos.models import VideoState

register = template.Library()
register.filter("failure", jobs_words.explain)
register.filter("problem", video_words.problem)
register.filter("similarity_percent", confidence_words.percent)

LIBRARIES = {
    "@hotwired/turbo": "vendor/turbo/turbo.es2017-esm.js",
    "tus": "vendor/tus/tus.min.js",
    "uplot": "vendor/uplot/uPlot.esm.js",
}
CLASSIC = {"theme", "shared-page"}
"""Not modules: loaded before the first paint by an ordinary script element, or by pages that have no other script."""
FETCHED_LATER = {"tus", "uplot"}
"""Only for uploads and for pages with curves."""


register.filter("moment", local_time.moment)
register.filter("day", local_time.day)


register.filter("listed", list_words.listed)
register.simple_tag(list_words.separator, name="list_separator")


@register.simple_tag
def icon(name: str, extra_class: str = "") -> SafeString:
    """Returns an icon of `static/icons.svg`; decoration only, the words beside it carry the meaning."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        extra_class,
        static("icons.svg"),
        name,
    )


@register.simple_tag
def avatar(user: User, extra_class: str = "") -> SafeString:
    """Returns the picture of an account, or its initials in a colour of its own; the name stands beside it."""
    if user.picture_key:
        address = reverse("accounts:picture", args=[user.pk])
        version = user.picture_key.rpartition("/")[2].partition(".")[0]
        return format_html('<img class="avatar {}" src="{}?v={}" alt="" loading="lazy">', extra_class, address, version)
    words = format_html('<span class="avatar hue-{} {}" aria-hidden="true">', user.pk % HUES, extra_class)
    return format_html("{}{}</span>", words, initials(str(user)))


def initials(name: str) -> str:
    """Returns the first letters of the first and last word: "AB" of "Ada M. Byron"."""
    words = name.split("@")[0].split()
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [word[0] for word in words]
    return "".join(letters).upper()


register.filter("duration", clock)
register.filter("clock_length", clock_length)
register.filter("spoken_duration", duration_words)


@register.filter
def screen_time(seconds: float | None) -> str:
    """Returns `duration_words`, but never 0 s: somebody in a single frame was there for a moment."""
    return duration_words(max(seconds or 0.0, 0.1))


@register.filter
def screen_time_or_nothing(seconds: float | None) -> str:
    """Returns `screen_time`, or a dash for nothing."""
    return screen_time(seconds) if seconds else "–"


@register.filter
def size(size_bytes: int | None) -> str:
    """Returns bytes in words: "812 KB", "1.4 GB", "20 GB"."""
    return rules.size(size_bytes or 0)


@register.filter
def span(appearance: tuple[float, float]) -> str:
    """Returns a stretch of time: "0:05–0:12"."""
    return f"{clock(appearance[0])}–{clock(appearance[1])}"


@register.filter
def percent(share: float | None) -> str:
    """Returns 0..100 as whole percent; anything above nothing never reads as 0 %."""
    value = share or 0.0
    return _("under 1 %") if 0 < value < 1 else _("%(percent)d %%") % {"percent": round(value)}


@register.filter
def as_percent(share: float | None) -> str:
    """Returns 0..1 as whole percent: "30 %"."""
    return _("%(percent)d %%") % {"percent": round(100 * (share or 0.0))}


@register.filter
def hue(index: int | None) -> str:
    """Returns the CSS class of a person's colour."""
    return f"hue-{(index or 0) % 12}"


@register.filter
def attribute(number: float) -> str:
    """Returns a number for an SVG or data attribute: a decimal point in every language."""
    return f"{float(number):.3f}".rstrip("0").rstrip(".")


@register.simple_tag
def idempotency_key() -> SafeString:
    """Returns the field by which a form that is sent twice starts its work once, see `starts_work`.

    Browsers that come back to a page would fill in the key of an earlier one.
    """
    return format_html(
        '<input type="hidden" name="{}" value="{}" autocomplete="off">', FIELD, secrets.token_urlsafe(16)
    )


@register.inclusion_tag("accounts/_storage.html")
def storage_use(team: Team) -> dict[str, StorageUse]:
    """Says how much a team has stored, and may store."""
    return {"use": quota_queries.of_team(team)}


@register.simple_tag
def picture_types() -> str:
    """For the `accept` of a field that takes pictures."""
    return PICTURE_TYPES


@cache
def _module_paths() -> dict[str, str]:
    own = sorted((settings.BASE_DIR / "static" / "js").glob("*.js"))
    return LIBRARIES | {f"rollcall/{path.stem}": f"js/{path.name}" for path in own if path.stem not in CLASSIC}


@register.simple_tag
@cache
def import_map() -> SafeString:
    """Returns the import map: names of our modules, as `import` lines say them, and their (hashed) addresses."""
    imports = {name: static(path) for name, path in _module_paths().items()}
    # Only addresses of our own files: nothing that a visitor typed can be in here.
    return mark_safe(json.dumps({"imports": imports}).replace("<", "\\u003c"))


@register.simple_tag
@cache
def module_preloads() -> SafeString:
    """Returns links to modules to preload: a browser would otherwise find them one import after the other."""
    addresses = [static(path) for name, path in _module_paths().items() if name not in FETCHED_LATER]
    return format_html_join("\n", '<link rel="modulepreload" href="{}">', ((address,) for address in addresses))


@register.simple_tag
def browser_strings() -> SafeString:
    """Returns all texts of JavaScript, in the visitor's language."""
    return _strings(get_language())


@cache
def _strings(language: str | None) -> SafeString:
    return json_script({key: str(words) for key, words in STRINGS.items()}, "strings")


@register.simple_tag(takes_context=True)
def help_address(context: RequestContext) -> str:
    """Returns the address of the chapter about this page."""
    match = getattr(context.get("request"), "resolver_match", None)
    return f"{reverse('help')}#{chapter_of(match.app_name, match.view_name) if match else ''}"


@register.simple_tag(takes_context=True)
def with_query(context: RequestContext, **changes: object) -> str:
    """Returns the page's query string with some values changed; an empty value removes the key."""
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
    """Returns the page's query string without one value of a key; `swap` moves the value to that key."""
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
    """Returns value, name and description of each."""
    return [(value, name, meaning) for value, (name, meaning) in THOROUGHNESS_WORDS.items()]


@register.filter
def not_shown(people: CardPeople) -> int:
    """Returns how many people have no face on the card."""
    return people.count - len(people.faces)


@register.filter
def pairs(spans: list[tuple[float, float]]) -> str:
    """Returns stretches of time as JSON, for a data attribute."""
    return json.dumps([[round(start_s, 3), round(end_s, 3)] for start_s, end_s in spans])


@register.filter
def as_json(value: object) -> str:
    """Returns JSON for a data attribute."""
    return json.dumps(value, ensure_ascii=False)


@register.simple_tag
def state_chips(counts: dict[str, int]) -> list[tuple[str, str, int]]:
    """Returns value, name and number of videos of each state, in the order in which a video passes them."""
    return [(state.value, str(state.label), counts.get(state.value, 0)) for state in VideoState]


@register.simple_tag
def live_state(card: Card) -> SafeString:
    """Returns the attributes by which a `<live-fragment>` knows the state that the server drew."""
    attributes = 'data-job="{}" data-status="{}" data-revision="{}"'
    if job := card.job:
        return format_html(attributes, job["id"], job["status"], job["revision"])
    if card.upload:
        return format_html(attributes, card.video.pk, "running", int(card.upload["is_stopped"]))
    return SafeString("")


@register.simple_tag
def scale(duration_s: float) -> list[float]:
    """Returns the moments of the ends and thirds of a time axis."""
    return [duration_s * third / 3 for third in range(4)]


@register.filter
def minus(first: float, second: float) -> float:
    return first - second
