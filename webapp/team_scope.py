"""Keeps every query within the teams that the work at hand is for; outside of a scope a query raises.

`webapp.access` decides who may see what. This stands behind it, for the query that forgets to ask: requests are within
the teams of the person, jobs within their team (`webapp.accounts.scope_middleware`, `webapp.jobs.lifecycle`), and what
goes across teams says so. Why not django-scopes: docs/decisions/0031-own-team-scopes.md.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from functools import cached_property, wraps
from typing import Any, ClassVar, ParamSpec, TypeVar
from uuid import UUID

from django.db import models
from django.db.models import Exists, OuterRef, Q

Found = TypeVar("Found")
Given = ParamSpec("Given")
Owned = TypeVar("Owned", bound=models.Model)
Teams = Collection[UUID] | models.QuerySet[Any, Any]
"""Ids, or a query for them, which becomes part of each query of the scope."""


class ScopeError(Exception):
    """A query was made that no team is named for."""


class _Scope:
    """Finds its teams when the first query asks for them: who sent a request is known late."""

    def __init__(self, find: Callable[[], Teams] | None) -> None:
        self._find = find
        self._conditions: dict[type[models.Model], Q] = {}

    @cached_property
    def teams(self) -> Teams | None:
        """The teams that queries reach; None: all."""
        return None if self._find is None else self._find()

    def condition_of(self, model: "type[TeamOwned]") -> Q:
        """Returns what rows of a model have to be; made once, as that takes as long as the rest of a small query."""
        if model not in self._conditions:
            assert self.teams is not None
            self._conditions[model] = model.of_teams(self.teams)
        return self._conditions[model]


_current: ContextVar[_Scope | None] = ContextVar("team_scope", default=None)


@contextmanager
def within_teams(teams: Teams | Callable[[], Teams]) -> Iterator[None]:
    """Lets queries reach what belongs to these teams; a function is asked for them at the first query."""
    with _opened(_Scope(teams if callable(teams) else lambda: teams)):
        yield


@contextmanager
def across_teams() -> Iterator[None]:
    """Lets queries reach all teams. tests/guards/test_team_scopes.py lists who may, and why."""
    with _opened(_Scope(None)):
        yield


@contextmanager
def _opened(scope: _Scope) -> Iterator[None]:
    before = _current.get()
    _current.set(scope)
    try:
        yield
    finally:
        _current.set(before)


def carried(work: Callable[Given, Found]) -> Callable[Given, Found]:
    """Returns a function that works in the present scope, for threads of our own: they begin without one."""
    context = copy_context()

    @wraps(work)
    def working(*args: Given.args, **kwargs: Given.kwargs) -> Found:
        # A context is entered once at a time, and a pool works in several threads.
        return context.copy().run(work, *args, **kwargs)

    return working


class TeamManager(models.Manager[Owned]):
    """Finds rows of the teams of the scope. Raises ScopeError outside of one, for whatever is asked but `none()`.

    Rows of a parent (`video.analyses`) are not filtered again: the parent was found within the scope.
    """

    def get_queryset(self) -> models.QuerySet[Owned]:
        scope = _current.get()
        if scope is None:
            raise ScopeError(f"{self.model.__name__} was asked for outside of a team's scope, see {__name__}")
        rows = super().get_queryset()
        if scope.teams is None or isinstance(getattr(self, "instance", None), TeamOwned):
            return rows
        assert issubclass(self.model, TeamOwned)
        return rows.filter(scope.condition_of(self.model))

    def none(self) -> models.QuerySet[Owned]:
        return super().get_queryset().none()


class TeamOwned(models.Model):
    """What belongs to a team. `objects` finds it within the present scope alone."""

    team_path: ClassVar[str] = "team"
    """The way to the team's id: a column of its own, or one reached by foreign keys that are never empty."""
    are_few: ClassVar[bool] = False
    """A team has so few rows that naming them all costs less than asking each row of a child whose it is."""
    objects = TeamManager()

    class Meta:
        abstract = True

    @classmethod
    def of_teams(cls, teams: Teams) -> Q:
        """Returns the condition that holds for rows of these teams.

        A subquery and not a join: with a join an UPDATE would become one of ids that were found before, and the
        conditions that claims rest on would be asked of a state that is past.
        """
        first, _, rest = cls.team_path.partition("__")
        if not rest:
            return Q((f"{first}__in", teams))
        key: Any = cls._meta.get_field(first)
        parents = key.related_model._base_manager.filter((f"{rest}__in", teams))
        if key.related_model.are_few:
            return Q((f"{key.attname}__in", parents.values("pk")))
        return Q(Exists(parents.filter(pk=OuterRef(key.attname))))
