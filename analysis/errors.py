"""Named errors of the analysis library, each with a stable code that the web application maps to words."""

from __future__ import annotations

import errno
import sqlite3

NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
FULL_DATABASES = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE})
"""SQLite says the second where a limit on the size of files, rather than the disk, ends its writing."""


class AnalysisError(Exception):
    """Something about the input or the installation makes the work impossible; trying again will not help."""

    code = "analysis"


class UnreadableVideo(AnalysisError):
    """The file is not a video, or no frame of it can be decoded."""

    code = "unreadable_video"


class NoVideoStream(UnreadableVideo):
    """The container can be read but holds no video stream (a song, say)."""

    code = "no_video_stream"


class ForbiddenFormat(UnreadableVideo):
    """The container or protocol is not on the allow-list (playlists, devices, network addresses)."""

    code = "forbidden_format"


class ProbeLimit(UnreadableVideo):
    """Looking at the file took more time or memory than an honest video needs."""

    code = "probe_limit"


class PictureTooLarge(UnreadableVideo):
    """The frames are larger than the limit in `analysis.video.containers.MAX_FRAME_PIXELS`."""

    code = "picture_too_large"


class UnreadablePicture(AnalysisError):
    """The file is not a picture that can be decoded."""

    code = "unreadable_picture"


class MissingWeights(AnalysisError):
    """A model file is absent or differs from its checksum; `python -m analysis weights` fetches it."""

    code = "missing_weights"


class BadTrainingConfig(AnalysisError):
    """A setting of a training run has a value that makes no sense; the message names it and what it accepts."""

    code = "bad_training_config"


class UnusableTrainingData(AnalysisError):
    """Nothing can be learned from the pictures: one label only, an empty label, too few, or nearly all broken."""

    code = "unusable_training_data"


class LeakingSplit(AnalysisError):
    """The same source stands in the pictures to learn from and in those to check with."""

    code = "leaking_split"


class TrainingDiverged(AnalysisError):
    """The loss became infinite or no number before a single epoch went well."""

    code = "training_diverged"


class NoDiskSpace(AnalysisError):
    """A file could not be written for want of space; what was written before it is whole."""

    code = "disk_full"


class DamagedModel(AnalysisError):
    """A model folder lacks a file, or a file is not the one that the training wrote."""

    code = "damaged_model"


class Cancelled(Exception):
    """Raised by a progress callback to stop the work; not an error."""


def is_disk_full(error: BaseException) -> bool:
    """Whether a file or a database could not be written for want of space, under however many layers."""
    if isinstance(error, OSError) and error.errno in NO_SPACE:
        return True
    if getattr(error, "sqlite_errorcode", None) in FULL_DATABASES:
        return True
    return error.__cause__ is not None and is_disk_full(error.__cause__)
