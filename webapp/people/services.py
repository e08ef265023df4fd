"""What the web may ask for with people: name, merge, undo a merge."""

from django.db import transaction
from django.utils import timezone

from webapp.accounts.models import User
from webapp.people.models import Merge, Person, Track


def name_person(person: Person, *, name: str) -> None:
    """An empty name makes the person "Person 3" again."""
    Person.objects.filter(pk=person.pk).update(name=name.strip())


def merge_people(source: Person, *, target: Person, user: User | None) -> Merge:
    """All of `source`'s tracks become `target`'s, who keeps name and portrait; what was moved is remembered."""
    if source.pk == target.pk or source.team_id != target.team_id:
        raise ValueError("two different people of one team are expected")
    with transaction.atomic():
        tracks = Track.objects.filter(person=source)
        merge = Merge.objects.create(
            source=source,
            target=target,
            track_ids=list(tracks.values_list("pk", flat=True)),
            source_portrait=source.portrait,
            target_portrait=target.portrait,
            made_by=user,
        )
        tracks.update(person=target)
        if target.portrait_id is None:
            Person.objects.filter(pk=target.pk).update(portrait=source.portrait)
    return merge


def undo_merge(merge: Merge) -> bool:
    """The tracks that were moved and still are the target's go back; False when it had been undone."""
    with transaction.atomic():
        if not Merge.objects.filter(pk=merge.pk, undone_at=None).update(undone_at=timezone.now()):
            return False
        Track.objects.filter(pk__in=merge.track_ids, person=merge.target_id).update(person=merge.source_id)
        Person.objects.filter(pk=merge.source_id, portrait=None).update(portrait=merge.source_portrait)
        Person.objects.filter(pk=merge.target_id).update(portrait=merge.target_portrait)
    return True
