"""What the review changes beside people themselves: which questions wait at its end."""

from collections.abc import Collection

from django.utils import timezone

from webapp.accounts.models import Team
from webapp.people.models import Person, Suggestion
from webapp.people.review import queue_queries


def skip(team: Team, suggestion: int) -> bool:
    """Moves a suggestion to the end of the queue. Returns False where the team has none of this number."""
    return bool(Suggestion.objects.filter(team=team, pk=suggestion).update(skipped_at=timezone.now()))


def skip_people(team: Team, keeps: Person, people: Collection[Person]) -> None:
    """Moves the questions whether these people are `keeps` to the end: nobody said that they are two."""
    pairs = {frozenset((keeps.pk, person.pk)) for person in people}
    rows = [pair.suggestion for pair in queue_queries.read_queue(team).pairs if pair.people in pairs]
    Suggestion.objects.filter(team=team, pk__in=rows).update(skipped_at=timezone.now())
