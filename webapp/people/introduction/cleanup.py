"""Periodic work: old results are measured anew, outdated plans are made again, old vectors go after 30 days."""

import logging
from contextlib import suppress
from datetime import timedelta

from django.db.models import Max
from django.utils import timezone

from webapp.accounts.models import Team
from webapp.people.introduction import queries, services
from webapp.people.introduction.models import Introduction, IntroductionState
from webapp.people.models import Event

logger = logging.getLogger(__name__)

ROLL_BACK_WITHIN = timedelta(days=30)
QUIET_FOR = timedelta(seconds=30)
"""Somebody who is deciding things is left to it before the plan is made again."""


def clean_up(**_: object) -> None:
    """A few cheap queries when there is nothing to do."""
    measure_old_results()
    renew_plans()
    end_switches()


def measure_old_results() -> None:
    """Prepares the present rules for each team that has views of before presence and pose were measured."""
    if not queries.unmeasured().exists():
        return
    teams = queries.unmeasured().values("analysis__video__team").distinct()
    for team in Team.objects.filter(pk__in=teams):
        if queries.open_introduction(team.pk) is None:
            with suppress(services.NotNow):
                services.introduce(team, embedder=queries.current_embedder(team.pk), user=None)
                logger.info("The old results of team %s are measured anew", team.pk)


def renew_plans() -> None:
    """Makes plans again that somebody's decision since has outdated."""
    for introduction in Introduction.objects.filter(state=IntroductionState.READY).select_related("job", "team"):
        last = Event.objects.filter(team=introduction.team_id).aggregate(last=Max("made_at"))["last"]
        is_quiet = last is None or last < timezone.now() - QUIET_FOR
        if is_quiet and introduction.stamp != queries.stamp_of(introduction.team_id):
            with suppress(services.NotNow):
                services.prepare_again(introduction)


def end_switches() -> None:
    """Forgets what rolling back would need, and the people whom the switch left without a track."""
    over = Introduction.objects.filter(
        state=IntroductionState.SWITCHED, switched_at__lt=timezone.now() - ROLL_BACK_WITHIN
    )
    for introduction in over.select_related("team"):
        services.forget(introduction)
