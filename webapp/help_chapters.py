"""Which chapter of the help page belongs to which page."""

CHAPTERS = {
    "videos": "videos",
    "videos:detail": "video",
    "exports": "video",
    "sharing": "video",
    "people": "people",
    "people:review": "review",
    "people:answer": "review",
    "people:photo": "photo",
    "datasets": "datasets",
    "training": "training",
    "recognition": "training",
    "accounts": "team",
    "audit": "team",
}
"""By the name of a route, else by its app: the id of a section of `help.html`."""


def chapter_of(app_name: str, view_name: str) -> str:
    """Returns the chapter for a page; the first one where it has none of its own."""
    return CHAPTERS.get(view_name) or CHAPTERS.get(app_name, "videos")
