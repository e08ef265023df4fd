"""Named errors of the analysis library, each with a stable code that the web application maps to words."""

from __future__ import annotations

import errno
import sqlite3

NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
FULL_DATABASES = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE})
"""SQLite reports the second if a limit on file sizes, rather than the disk, stops its writing, and the third where the
index of its log finds no room."""
POSTGRESQL_DISK_FULL = "53100"


class AnalysisError(Exception):
    """The input or the installation makes the work impossible; retrying will not help."""

    code = "analysis"


class UnreadableVideo(AnalysisError):
    """The file is not a video, or no frame of it can be decoded."""

    code = "unreadable_video"


class NoVideoStream(UnreadableVideo):
    """The container can be read but holds no video stream (audio only, say)."""

    code = "no_video_stream"


class StillPicture(UnreadableVideo):
    """The file is a picture that does not move."""

    code = "still_picture"


class ForbiddenFormat(UnreadableVideo):
    """The container or protocol is not on the allow-list (playlists, devices, network addresses)."""

    code = "forbidden_format"


class ProbeLimit(UnreadableVideo):
    """Reading the file took more time or memory than an honest video needs."""

    code = "probe_limit"


class PictureTooLarge(UnreadableVideo):
    """The frames or the picture have more pixels than the limit."""

    code = "picture_too_large"


class UnreadablePicture(AnalysisError):
    """The file is not a picture that can be decoded."""

    code = "unreadable_picture"


class UnknownPicture(UnreadablePicture):
    """The file is of none of the kinds of pictures that are read."""

    code = "unknown_picture"


class PictureTooSmall(AnalysisError):
    """The picture, or what is to be cut out of it, has fewer pixels than can be learnt from."""

    code = "picture_too_small"


class MissingWeights(AnalysisError):
    """A weights file is missing or does not match its checksum; `python -m analysis weights` fetches it."""

    code = "missing_weights"


class BadEmbedder(AnalysisError):
    """An operator's embedder cannot be used; the message says what is wrong with its files."""

    code = "bad_embedder"


class BadTrainingConfig(AnalysisError):
    """A training setting has an invalid value; the message names the setting and what it accepts."""

    code = "bad_training_config"


class UnusableTrainingData(AnalysisError):
    """Nothing can be learned from the samples: a single label, an empty label, too few, or nearly all broken."""

    code = "unusable_training_data"


class LeakingSplit(AnalysisError):
    """A source is in both the training and the test part."""

    code = "leaking_split"


class TrainingDiverged(AnalysisError):
    """The loss became infinite or NaN before one epoch succeeded."""

    code = "training_diverged"


class NoDiskSpace(AnalysisError):
    """A file could not be written because the disk is full; files written before it are complete."""

    code = "disk_full"


class DamagedModel(AnalysisError):
    """A file of a model folder is missing or is not the one that the training wrote."""

    code = "damaged_model"


class UnusableResult(AnalysisError):
    """A folder holds no result of `analyse`, or one of another video."""

    code = "unusable_result"


class UnknownPerson(AnalysisError):
    """An id is that of nobody in the video."""

    code = "unknown_person"


class NothingToShow(AnalysisError):
    """Of the chosen people there is no moment to cut out."""

    code = "nothing_to_show"


class Cancelled(Exception):
    """Raised by a progress callback to stop the work; not an error."""


def is_disk_full(error: BaseException) -> bool:
    """Returns whether the error or one of its causes means that the disk, or a limit on files, is full."""
    if isinstance(error, OSError) and error.errno in NO_SPACE:
        return True
    if getattr(error, "sqlite_errorcode", None) in FULL_DATABASES:
        return True
    if getattr(error, "sqlstate", None) == POSTGRESQL_DISK_FULL:
        return True
    return error.__cause__ is not None and is_disk_full(error.__cause__)
