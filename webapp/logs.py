"""Configures the log: plain lines for people, or one JSON object a line for machines."""

import logging
import re
from typing import Any

import structlog

LINK = re.compile(r"(/(?:welcome|join|new-password|new-email|s)/)[^/\s]+")
"""Whoever reads it may get into an account with it, or see what was shared."""


class HidesLinks(logging.Filter):
    """Takes the secret out of addresses that are logged, as those of failed requests are."""

    def filter(self, record: logging.LogRecord) -> bool:
        if LINK.search(record.getMessage()):
            record.msg, record.args = LINK.sub(r"\1...", record.getMessage()), ()
        return True


class RefusalsInALine(logging.Filter):
    """Takes the traceback from what is refused for security: whoever sends nonsense would fill the disk with them."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("django.security."):
            record.exc_info = record.exc_text = None
        return True


def logging_config(*, as_json: bool) -> dict[str, Any]:
    """Returns Django's LOGGING. Everything goes to standard error; whoever starts the process redirects that."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [
                    structlog.stdlib.add_log_level,
                    structlog.stdlib.add_logger_name,
                    structlog.processors.TimeStamper(fmt="iso", utc=True),
                ],
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    structlog.processors.JSONRenderer(),
                ],
            },
        },
        "filters": {"links": {"()": HidesLinks}, "refusals": {"()": RefusalsInALine}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "json" if as_json else "plain",
                "filters": ["links", "refusals"],
            },
            "nowhere": {"class": "logging.NullHandler"},
        },
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "django.request": {"level": "ERROR"},  # a 404 is not news
            # Whoever scans the network sends foreign hosts; each would be a traceback of 2.5 kB, and is refused anyway.
            "django.security.DisallowedHost": {"handlers": ["nowhere"], "propagate": False},
            "django.channels.server": {"level": "WARNING"},
        },
    }
