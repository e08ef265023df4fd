"""Dates on pages: words for who has no scripts, and what the browser needs to write them its own way."""

from datetime import UTC, date, datetime

from django.template import Context, Template

AT = datetime(2026, 11, 30, 6, 43, 5, tzinfo=UTC)


def rendered(source: str) -> str:
    return Template("{% load rollcall %}" + source).render(Context({"at": AT, "on": date(2026, 11, 30)}))


def test_a_moment_names_its_time_of_day() -> None:
    iso = "2026-11-30T06:43:05+00:00"
    assert rendered("{{ at|moment }}") == (f'<local-time><time datetime="{iso}">30 Nov 2026, 06:43</time></local-time>')


def test_a_day_says_so_and_a_plain_date_has_no_time_zone() -> None:
    assert 'data-day><time datetime="2026-11-30T06:43:05+00:00">30 Nov 2026<' in rendered("{{ at|day }}")
    assert '<local-time data-day><time datetime="2026-11-30">' in rendered("{{ on|day }}")
    assert rendered("{{ nothing|day }}{{ nothing|moment }}") == ""


def test_dates_may_stand_in_sentences() -> None:
    sentence = rendered("{% blocktranslate with when=at|day %}since {{ when }}{% endblocktranslate %}")
    assert sentence.startswith("since <local-time data-day>")
