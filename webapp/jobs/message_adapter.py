"""How a worker treats the messages that it gets."""

from celery.worker.request import Request


class HandedOut(Request):
    """A message that the broker forgot as it handed it out, see `webapp.celery`: there is nothing to acknowledge."""

    def acknowledge(self) -> None:
        self.acknowledged = True
