"""`python -m analysis.cli.profile_picture`: turns a picture from stdin into a small square JPEG on stdout, sandboxed.

The web server runs it as a child process, so that it never decodes what people bring. Nothing but pixels is kept: no
place, no time, no name of a camera.
"""

import resource
import subprocess
import sys
import threading
from io import BytesIO
from pathlib import Path

from analysis.errors import AnalysisError, PictureTooLarge, UnreadablePicture

ROOT = Path(__file__).resolve().parents[2]
SIDE = 256
"""Pixels; three times what pages show, for dense screens."""
QUALITY = 88
MAX_BYTES = 15_000_000
TIMEOUT_S = 20
MEMORY_BYTES = 2 * 1024**3
"""Address space; the largest picture that `analysis.images.read` takes needs half of it."""
TOO_LARGE, UNREADABLE = 3, 4
"""How the child ends where it does not print a picture."""
_at_once = threading.BoundedSemaphore(2)


def square_in_subprocess(data: bytes) -> bytes:
    """Returns the middle of a picture (the content of its file) as a JPEG of SIDE x SIDE pixels.

    Raises UnreadablePicture, PictureTooLarge, or TimeoutError if too many others wait.
    """
    if len(data) > MAX_BYTES:
        raise PictureTooLarge(f"{len(data)} bytes")
    if not _at_once.acquire(timeout=TIMEOUT_S):
        raise TimeoutError("too many pictures at once")
    try:
        command = [sys.executable, "-m", "analysis.cli.profile_picture"]
        done = subprocess.run(command, cwd=ROOT, input=data, capture_output=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise UnreadablePicture("it took too long") from error
    finally:
        _at_once.release()
    if done.returncode == TOO_LARGE:
        raise PictureTooLarge("the picture")
    if done.returncode:
        raise UnreadablePicture(f"the child ended with {done.returncode}: {done.stderr[-300:]!r}")
    return done.stdout


def main() -> int:
    """Runs in the child: limits it for good, then prints the picture."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (TIMEOUT_S, TIMEOUT_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        jpeg = _square(sys.stdin.buffer.read(MAX_BYTES + 1))
    except PictureTooLarge:
        return TOO_LARGE
    except AnalysisError:
        return UNREADABLE
    sys.stdout.buffer.write(jpeg)
    return 0


def _square(data: bytes) -> bytes:
    import PIL.Image  # deferred: rarely needed

    from analysis.images.read import decode_picture  # deferred: rarely needed

    image_bgr = decode_picture(data, "the picture", least_side=SIDE)
    height, width = image_bgr.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square_rgb = image_bgr[top : top + side, left : left + side, ::-1]
    buffer = BytesIO()
    small = PIL.Image.fromarray(square_rgb.copy()).resize((SIDE, SIDE), PIL.Image.Resampling.LANCZOS)
    small.save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


if __name__ == "__main__":
    sys.exit(main())
