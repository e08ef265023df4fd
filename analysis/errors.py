"""Named errors of the analysis library, each with a stable code that the web application maps to words."""


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
    """The frames are larger than the limit in `analysis.containers.MAX_FRAME_PIXELS`."""

    code = "picture_too_large"


class UnreadablePicture(AnalysisError):
    """The file is not a picture that can be decoded."""

    code = "unreadable_picture"


class MissingWeights(AnalysisError):
    """A model file is absent or differs from its checksum; `python -m analysis weights` fetches it."""

    code = "missing_weights"


class Cancelled(Exception):
    """Raised by a progress callback to stop the work; not an error."""
