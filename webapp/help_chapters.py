"""Which chapter of the help page belongs to which page."""

CHAPTERS = {
    "videos": "videos",
    "videos:detail": "video",
    "videos:tags": "tags",
    "search": "search",
    "exports": "exports",
    "sharing": "sharing",
    "people": "people",
    "people:review": "review",
    "people:answer": "review",
    "people:photo": "photo",
    "datasets": "datasets",
    "training": "training",
    "recognition": "training",
    "accounts": "account",
    "api": "account",
    **dict.fromkeys(
        (
            *("accounts:team", "accounts:team_settings", "accounts:new_team", "accounts:leave"),
            *("accounts:require_second_factor", "accounts:invite", "accounts:join", "accounts:remove"),
            *("accounts:lost_factor", "accounts:password_link", "accounts:transfer"),
        ),
        "team",
    ),
    "audit": "team",
}
"""By the name of a route, else by its app: the id of a section of `help.html`."""
FIRST = "videos"
"""For the few pages of no app, such as what was deleted."""


def chapter_of(app_name: str, view_name: str) -> str:
    """Returns the chapter for a page: its own, else that of its app."""
    return CHAPTERS.get(view_name) or CHAPTERS.get(app_name, FIRST)
