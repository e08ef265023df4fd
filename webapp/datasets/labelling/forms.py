"""What the label grid asks for with an act: read from JSON, carried out, and told in a sentence."""

import json
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from webapp.accounts.models import User
from webapp.datasets.labelling import queries, services
from webapp.datasets.labelling.services import ActResult
from webapp.datasets.models import Dataset, Label
from webapp.http.list_words import listed_with_and, sentences

LABEL, ACCEPT, SEQUENCE, LEAVE_OUT, TAKE_IN = "label", "accept", "sequence", "leave_out", "take_in"
KINDS = (LABEL, ACCEPT, SEQUENCE, LEAVE_OUT, TAKE_IN)


class InvalidRequest(Exception):
    """The request holds nothing that can be carried out; only a page that is not ours sends such a thing."""


@dataclass(frozen=True, slots=True)
class RequestedAct:
    """`groups` pairs a label (None: take it away; unused unless labels are given) with number -> revision."""

    kind: str
    groups: list[tuple[Label | None, dict[int, int]]]

    @property
    def seen(self) -> dict[int, int]:
        return {number: revision for _label, seen in self.groups for number, revision in seen.items()}


def read(body: bytes, dataset: Dataset) -> RequestedAct:
    """Reads `{"do": ..., "groups": [[label id or null, [[first, last, revision], ...]], ...]}`.

    Raises InvalidRequest.
    """
    try:
        request = json.loads(body)
        kind, groups = request["do"], [(label, queries.seen_in(runs)) for label, runs in request["groups"]]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InvalidRequest(str(error)[:200]) from error
    if kind not in KINDS or not groups:
        raise InvalidRequest(f"{kind!r:.40} of {len(groups)} groups")
    labels = Label.objects.filter(dataset=dataset).in_bulk()
    if any(label is not None and (type(label) is not int or label not in labels) for label, _seen in groups):
        raise InvalidRequest("a label of another dataset, or one that is gone")
    return RequestedAct(kind, [(None if label is None else labels[label], seen) for label, seen in groups])


def carry_out(requested: RequestedAct, dataset: Dataset, user: User) -> ActResult:
    if requested.kind == ACCEPT:
        suggested = [(label, seen) for label, seen in requested.groups if label is not None]
        return services.accept_suggestions(dataset, user=user, seen=suggested)
    if requested.kind == SEQUENCE:
        return services.label_sequences(dataset, user=user, seen=requested.seen)
    if requested.kind == LABEL:
        return services.label_samples(dataset, user=user, label=requested.groups[0][0], seen=requested.groups[0][1])
    return services.exclude_samples(dataset, user=user, seen=requested.seen, excluded=requested.kind == LEAVE_OUT)


def sentence(requested: RequestedAct, done: ActResult) -> str:
    """Says what happened, without the refused ones; empty when nothing did."""
    n = len(done.changed)
    label = requested.groups[0][0]
    if not n:
        return ""
    if requested.kind == SEQUENCE:
        words = ngettext(
            "Applied the label to %(n)d more sample of the track.",
            "Applied the label to %(n)d more samples of the track.",
            n,
        )
    elif requested.kind == LABEL and label is not None:
        words = ngettext("Labelled %(n)d sample “%(label)s”.", "Labelled %(n)d samples “%(label)s”.", n)
    elif requested.kind == LABEL:
        words = ngettext("Removed the label from %(n)d sample.", "Removed the label from %(n)d samples.", n)
    elif requested.kind == ACCEPT:
        words = ngettext("Accepted %(n)d suggestion.", "Accepted %(n)d suggestions.", n)
    elif requested.kind == LEAVE_OUT:
        words = ngettext("Left out %(n)d sample.", "Left out %(n)d samples.", n)
    else:
        words = ngettext("Included %(n)d sample again.", "Included %(n)d samples again.", n)
    return words % {"n": n, "label": label.name if label else ""}


def refusal(dataset: Dataset, refused: list[int], user: User) -> str:
    """Says who changed samples first, and that their change was kept; empty when no one did."""
    if not refused:
        return ""
    names, only_labels = queries.quicker_people(dataset, refused, user)
    n = len(refused)
    if only_labels and names:
        words = ngettext(
            "%(who)s labelled %(n)d of these first. That label was kept.",
            "%(who)s labelled %(n)d of these first. Those labels were kept.",
            n,
        )
    else:
        words = ngettext(
            "%(who)s changed %(n)d of these first. That change was kept.",
            "%(who)s changed %(n)d of these first. Those changes were kept.",
            n,
        )
    return words % {"who": _in_words(names), "n": n}


def _in_words(names: list[str]) -> str:
    return listed_with_and([name or _("You") for name in names] or [_("Someone else")])


def answer(act_words: str, refusal_words: str, done: ActResult, undo_url: str) -> dict[str, Any]:
    """Returns for the page what `webapp.http.responses` gives, and what changed."""
    return {
        "toast": sentences(act_words, refusal_words),
        "undo": {"url": undo_url, "fields": {}} if done.act else None,
        "changed": queries.runs_of(sorted(done.changed.items())),
        "refused": done.refused,
    }
