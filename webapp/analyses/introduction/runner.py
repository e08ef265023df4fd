"""What the worker does to introduce a face embedder or new rules: looks at the state and does the next step.

It works in slices, between which other jobs of the queue get their turn, and may be killed at any point.
"""

import time
from collections import Counter
from collections.abc import Callable

from django.db import transaction
from django.utils import timezone

from analysis.errors import Cancelled
from analysis.faces.thresholds import remember_thresholds
from webapp.analyses.introduction import estimate_runner, plan_runner, summary, switch_runner, vectors_runner
from webapp.analyses.introduction.reader_loading import readers_of
from webapp.analyses.introduction.vectors_runner import Readers
from webapp.jobs import lifecycle, live_updates
from webapp.jobs.models import Job
from webapp.people.introduction import queries, services
from webapp.people.introduction.decision_queries import lost_in
from webapp.people.introduction.models import Introduction, IntroductionState
from webapp.people.introduction.queries import packed_thresholds, unpacked_thresholds

SLICE_S = 60.0

OpenReaders = Callable[[str], Readers]


class SliceEnded(Exception):
    """Others wait; what was done so far is stored."""


def run(job: Job, open_readers: OpenReaders = readers_of, slice_s: float = SLICE_S) -> None:
    """Does as much as fits into one slice. Raises Cancelled where the introduction is gone or another job has it."""
    introduction = Introduction.objects.select_related("team").filter(pk=job.subject_id, job=job).first()
    steps = {
        IntroductionState.PREPARING: _prepare,
        IntroductionState.SWITCHING: _switch,
        IntroductionState.ROLLING_BACK: _roll_back,
    }
    if introduction is None or introduction.state not in steps:
        lifecycle.cancel(job.pk)
        raise Cancelled
    progress = _Slice(job, introduction, slice_s)
    try:
        steps[IntroductionState(introduction.state)](job, introduction, open_readers, progress)
    except SliceEnded:
        lifecycle.put_back(job)
        raise Cancelled from None


class _Slice:
    """Reports progress, and ends the slice when its time is over; what is stored before stays."""

    def __init__(self, job: Job, introduction: Introduction, length_s: float) -> None:
        self.job, self.introduction = job, introduction
        self.until_s, self.has_begun = time.monotonic() + length_s, False

    def tick_of(self, stage: str) -> Callable[[int, int], None]:
        """Returns a function for a stage that is called between two steps of it."""

        def tick(done: int, total: int) -> None:
            lifecycle.report(self.job, stage, done, total)
            self.hold()

        return tick

    def hold(self) -> None:
        """Raises Cancelled where another job has the introduction, or it was discarded."""
        mine = Introduction.objects.filter(pk=self.introduction.pk, job=self.job, state=self.introduction.state)
        if not mine.exists():
            raise Cancelled

    def report(self, done: int, total: int) -> None:
        """Is called between two batches of views; ends the slice after the first batch beyond its time."""
        self.tick_of("views")(done, total)
        if self.has_begun and time.monotonic() > self.until_s:
            raise SliceEnded
        self.has_begun = True


def _prepare(job: Job, introduction: Introduction, open_readers: OpenReaders, progress: _Slice) -> None:
    """Measures and computes what is missing, then makes the plan."""
    needs_views = queries.has_unmeasured(introduction.team_id) or not introduction.is_rules
    if needs_views:
        readers = open_readers(introduction.embedder)
        vectors_runner.measure(introduction.team_id, readers, progress)
        if not introduction.is_rules:
            _cover(introduction, readers, progress)
    _know_thresholds(introduction)
    stamp = queries.stamp_of(introduction.team_id)
    planned, decisions = plan_runner.plan(introduction, progress.tick_of("regroup"))
    after = {each.track: each.after for each in planned}
    lost = lost_in(decisions, after.get, {person for person in after.values() if person})
    found = summary.summary_of(planned) | {"decisions": len(decisions), "lost": lost[: summary.MOST_SHOWN]}
    with transaction.atomic():
        lifecycle.finish(job)
        switch_runner.store_plan(introduction, planned)
        is_idle = introduction.is_rules and not found["changed"]
        state = IntroductionState.DISCARDED if is_idle else IntroductionState.READY
        mine = Introduction.objects.filter(pk=introduction.pk, job=job, state=IntroductionState.PREPARING)
        if not mine.update(state=state, stamp=stamp, summary=found, counts=introduction.counts):
            raise Cancelled
        live_updates.publish_people(introduction.team_id)


def _cover(introduction: Introduction, readers: Readers, progress: _Slice) -> None:
    counts: Counter[str] = Counter()
    try:
        vectors_runner.cover(introduction, readers, progress, counts)
    finally:
        introduction.counts = dict(Counter(introduction.counts) + counts)
        Introduction.objects.filter(pk=introduction.pk).update(counts=introduction.counts)


def _know_thresholds(introduction: Introduction) -> None:
    """Estimates the thresholds where nobody gave any."""
    if introduction.thresholds:
        remember_thresholds(introduction.embedder, unpacked_thresholds(introduction.thresholds))
    elif not queries.is_known(introduction.embedder):
        found = estimate_runner.estimate(introduction)
        remember_thresholds(introduction.embedder, found.thresholds)
        introduction.thresholds = packed_thresholds(found.thresholds)
        introduction.counts |= {"impostor_pairs": found.impostor_pairs, "genuine_pairs": found.genuine_pairs}
        introduction.save(update_fields=["thresholds", "counts"])


def _switch(job: Job, introduction: Introduction, open_readers: OpenReaders, progress: _Slice) -> None:
    """Carries out the plan, or goes back to preparing where it no longer fits."""
    lifecycle.report(job, "switch", 0, 1)
    with lifecycle.beating(job), transaction.atomic():
        if introduction.stamp != queries.stamp_of(introduction.team_id):
            Introduction.objects.filter(pk=introduction.pk).update(state=IntroductionState.PREPARING)
            lifecycle.put_back(job)
            job.claim_id = None
            return
        now = timezone.now()
        switch_runner.apply(introduction)
        _keep_earlier(introduction)
        Introduction.objects.filter(pk=introduction.pk).update(state=IntroductionState.SWITCHED, switched_at=now)
        lifecycle.finish(job)
        live_updates.publish_people(introduction.team_id)


def _keep_earlier(introduction: Introduction) -> None:
    """What was switched before can no longer be rolled back: its old vectors are of the one before the last."""
    earlier = Introduction.objects.filter(team=introduction.team_id, state=IntroductionState.SWITCHED)
    for each in earlier.exclude(pk=introduction.pk).select_related("team"):
        services.forget(each)


def _roll_back(job: Job, introduction: Introduction, open_readers: OpenReaders, progress: _Slice) -> None:
    """Gives vectors of the old embedder to what came since the switch, then puts everything back."""
    if not introduction.is_rules:
        _cover(introduction, open_readers(introduction.before), progress)
    lifecycle.report(job, "switch", 0, 1)
    with lifecycle.beating(job), transaction.atomic():
        kept = switch_runner.take_back(introduction)
        introduction.counts |= {"kept_by_decision": len(kept)}
        Introduction.objects.filter(pk=introduction.pk).update(
            state=IntroductionState.ROLLED_BACK, counts=introduction.counts
        )
        services.drop_prepared(introduction)
        lifecycle.finish(job)
        live_updates.publish_people(introduction.team_id)
