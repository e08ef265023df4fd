"""Puts teams, sessions and datasets into a product that runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.e2e.seeding_process import in_product

MODULE = "tests.e2e.seeding"


def seed_teams(data_dir: Path, names: Sequence[str]) -> None:
    """Teams of these names, each with an owner `NAME@example.org`, who is called Alice."""
    in_product(MODULE, data_dir, {"teams": names})


def seed_session(data_dir: Path, email: str) -> dict[str, str]:
    """Returns the cookie, its name and value, of somebody who has just signed in with their password."""
    made: dict[str, str] = in_product(MODULE, data_dir, {"session": email})
    return made


def seed(data_dir: Path, **wish: Any) -> dict[str, str]:
    """Makes a dataset in the product with this data folder; returns its "id" and other ids.

    `team` (its name), `name`, `kind`, `labels` (names), `count`, `labelled` and `suggested` (how many of the first
    samples bear labels in turn, how many behind them have a suggestion), `track` (size of the sequences), `sources`
    (how many there are, instead of one video), `folder` with pictures to use in the order of their names, `members`
    ([[name, role], ...]; all with the password of the tests).
    """
    return seed_all(data_dir, wish)[0]


def seed_all(data_dir: Path, *wishes: dict[str, Any]) -> list[dict[str, str]]:
    """Several datasets."""
    made: list[dict[str, str]] = in_product(MODULE, data_dir, {"datasets": wishes})
    return made


def make(wish: dict[str, Any]) -> Any:
    """Does one wish of those above."""
    if "teams" in wish:
        return _make_teams(wish["teams"])
    if "session" in wish:
        return _make_session(wish["session"])
    return [_make_dataset(each) for each in wish["datasets"]]


def _make_teams(names: Sequence[str]) -> None:
    from django.contrib.auth.hashers import make_password

    from tests.factories import PASSWORD, make_team
    from webapp.accounts.models import Membership, Role, User

    hashed = make_password(PASSWORD)  # takes half a second, so once for all
    for name in names:
        owner = User.objects.create(email=f"{name}@example.org", name="Alice", password=hashed)
        Membership.objects.create(team=make_team(name), user=owner, role=Role.OWNER)


def _make_session(email: str) -> dict[str, str]:
    from django.conf import settings

    from tests.webapp.accounts.proofs import proved
    from webapp.accounts.models import User

    session = proved(User.objects.get(email=email)).session
    return {"name": settings.SESSION_COOKIE_NAME, "value": str(session.session_key)}


def _make_dataset(wish: dict[str, Any]) -> dict[str, str]:
    from tests.factories import make_user
    from tests.factories_datasets import make_dataset, make_label, make_samples, picture
    from tests.factories_videos import make_video
    from webapp.accounts.models import Team, User
    from webapp.datasets.models import Dataset

    team = Team.objects.get(name=wish["team"])
    for name, role in wish.get("members", []):
        if not User.objects.filter(email=f"{name}@example.org").exists():
            make_user(name, team=team, role=role)
    dataset = make_dataset(team=team, name=wish.get("name", "Smiles"), kind=wish.get("kind", "faces"))
    labels = [make_label(dataset, name) for name in wish.get("labels", ["smile", "no smile"])]
    files = sorted(Path(wish["folder"]).rglob("*.[jp][pn]g")) if "folder" in wish else []
    contents = [path.read_bytes() for path in files] or [picture(n, width=64, height=64) for n in range(40)]
    size, video = wish.get("count", 40), make_video(team=team, title="Opening night", content=dataset.pk.bytes)
    labelled, suggested, track = wish.get("labelled", 0), wish.get("suggested", 0), wish.get("track", 10)

    def each(n: int) -> dict[str, Any]:
        fields: dict[str, Any] = {"time_s": n / 2, "sequence": f"track {n // track}"}
        if "sources" in wish:
            fields |= {"source": f"recording {n % wish['sources']}", "source_name": f"Recording {n % wish['sources']}"}
        if n < labelled:
            fields["label"] = labels[n % len(labels)]
        elif n < labelled + suggested:
            fields |= {"suggested": labels[n % len(labels)], "certainty": 0.5 + (n * 7919 % 1000) / 2000}
        return fields

    source = {"video": video, "source": str(video.pk), "source_name": video.title}
    make_samples(dataset, size, contents=contents, each=each, **source)
    # As after the worker's own suggestions: new ones come only once clearly more is labelled.
    Dataset.objects.filter(pk=dataset.pk).update(labels_at_suggestion=labelled)
    return {"id": str(dataset.pk), "video": str(video.pk)}
