"""Configures the log: plain lines for people, or one JSON object a line for machines."""

from typing import Any

import structlog


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
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "json" if as_json else "plain"},
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
