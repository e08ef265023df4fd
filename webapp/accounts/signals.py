"""What accounts tells the apps above it."""

from django.dispatch import Signal

team_act = Signal()
"""Sent within the transaction of each act on a team.

Arguments: `act`, a value of `webapp.audit.action_choices.Action`; `team_id`; `by`, who did it; `about`, the person,
invitation, token or team that it was done to; `before` and `after`, JSON values of what changed, or None."""
account_act = Signal()
"""Sent after a change of somebody's account.

Arguments: `act`, as above; `user`; `by`, who did it, if it was somebody else: a person, or the name of a command;
`before` and `after`, as above, where there is something to tell."""
account_ends = Signal()
"""Sent within the transaction that deactivates or deletes an account, before its rows go. Argument: `user`."""
