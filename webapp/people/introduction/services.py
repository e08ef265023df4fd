"""What may be asked for: prepare a face embedder or new rules, switch, discard, roll back. A worker does the work."""

from django.db import IntegrityError, transaction

from webapp.accounts.models import Team, User
from webapp.jobs import lifecycle, live_updates
from webapp.jobs.models import ACTIVE, JobKind
from webapp.people import upkeep_services
from webapp.people.introduction import queries
from webapp.people.introduction.models import Introduction, IntroductionState, PlannedAnalysis
from webapp.videos.models import Analysis


class NotNow(Exception):
    """Something else is being prepared, or it is no longer in the state that the page showed."""


def introduce(team: Team, *, embedder: str, user: User | None) -> Introduction:
    """Prepares an embedder beside the one in use; the same name prepares the present rules anew. Raises NotNow."""
    try:
        with transaction.atomic():
            made = Introduction.objects.create(
                team=team, embedder=embedder, before=queries.current_embedder(team.pk), created_by=user
            )
            _set_to_work(made)
    except IntegrityError as error:
        raise NotNow from error
    return made


def discard(introduction: Introduction) -> None:
    """Forgets what was prepared; nothing else has changed. Raises NotNow."""
    with transaction.atomic():
        _move(introduction, (IntroductionState.PREPARING, IntroductionState.READY), IntroductionState.DISCARDED)
        if introduction.job is not None:
            lifecycle.cancel(introduction.job.pk)
        drop_prepared(introduction)
        live_updates.publish_people(introduction.team_id)


def switch(introduction: Introduction) -> None:
    """Has the plan carried out. Raises NotNow, also where it no longer fits and is made anew."""
    with transaction.atomic():
        _move(introduction, (IntroductionState.READY,), IntroductionState.SWITCHING)
        _set_to_work(introduction)


def roll_back(introduction: Introduction) -> None:
    """Has everything put back as it was before the switch, but for what somebody decided since. Raises NotNow."""
    if queries.that_can_be_rolled_back(introduction.team_id) != introduction:
        raise NotNow
    try:
        with transaction.atomic():
            _move(introduction, (IntroductionState.SWITCHED,), IntroductionState.ROLLING_BACK)
            _set_to_work(introduction)
    except IntegrityError as error:
        raise NotNow from error


def prepare_again(introduction: Introduction) -> None:
    """Makes a plan again that no longer fits: videos came, or somebody decided something."""
    states = (IntroductionState.PREPARING, IntroductionState.READY, IntroductionState.SWITCHING)
    with transaction.atomic():
        _move(introduction, states, IntroductionState.PREPARING)
        _set_to_work(introduction)


def follow_analysis(*, analysis: Analysis, **_: object) -> None:
    """Has a video that was analysed while something is prepared taken into it."""
    found = queries.open_introduction(analysis.video.team_id)
    if found is not None and found.state in (IntroductionState.PREPARING, IntroductionState.READY):
        prepare_again(found)


def forget(introduction: Introduction) -> None:
    """Keeps a switch for good: removes what a roll-back needs, and people whom it left without a track."""
    with transaction.atomic():
        Introduction.objects.filter(pk=introduction.pk, state=IntroductionState.SWITCHED).update(
            state=IntroductionState.KEPT
        )
        rows = PlannedAnalysis.objects.filter(introduction=introduction).values_list("changes", flat=True)
        emptied = {before for changes in rows for _, before, *_ in changes if before}
        drop_prepared(introduction)
        upkeep_services.remove_unseen(introduction.team, emptied)


def drop_prepared(introduction: Introduction) -> None:
    """Deletes the vectors and the plan, the bulk of what an introduction stores."""
    introduction.vectors.all().delete()
    introduction.planned.all().delete()


def _move(introduction: Introduction, come_from: tuple[str, ...], to: str) -> None:
    if not Introduction.objects.filter(pk=introduction.pk, state__in=come_from).update(state=to):
        raise NotNow
    introduction.state = to


def _set_to_work(introduction: Introduction) -> None:
    """Creates a job, unless one is at work that will see the new state."""
    introduction.refresh_from_db(fields=["job"])
    if introduction.job is not None and introduction.job.status in ACTIVE and introduction.job.claim_id is None:
        return
    introduction.job = lifecycle.create(
        JobKind.INTRODUCE, team=introduction.team, subject_id=introduction.pk, created_by=introduction.created_by
    )
    introduction.save(update_fields=["job"])
