"""Makes a copy of a picture with faces hidden, and checks it; the picture is decoded in a limited process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis import errors
from analysis.exports.choice import BlurOptions, HideChoice, HidingStyle
from analysis.limited.limits import Limits
from analysis.limited.messages import Fields, Message
from analysis.limited.process import ask_limited

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from analysis.exports.picture_people import FramePeople, FramePerson
    from analysis.pipeline import Models
    from analysis.types import Faces, Float32, Image

TIMEOUT_S = 90
MEMORY_BYTES = 600_000_000
"""Networks reserve more than they use: with a picture of 40 million pixels 390 MB are held."""
WRITTEN_AS = {".jpg": ".jpg", ".jpeg": ".jpg", ".png": ".png", ".webp": ".webp"}
QUALITY = 92
LISTED_SCORE, LOOKED_FOR_SCORE = 0.6, 0.4
SAME_FACE_IOU = 0.4


@dataclass(frozen=True, slots=True)
class PictureReport:
    """What became of a picture: the check looks for faces again, and compares them with those that were hidden."""

    faces: int
    """Found in the source, doubtful ones included."""
    faces_hidden: int
    faces_found: int
    """Faces in the copy that should not be there: 0, unless more than `rounds` were needed."""
    rounds: int
    share_hidden: float
    width: int
    height: int

    def summary(self) -> str:
        """Returns it in a line."""
        return (
            f"{self.faces_hidden} of {self.faces} faces hidden, {self.faces_found} found again "
            f"(rounds: {self.rounds}), {self.share_hidden:.1%} of the picture hidden"
        )


def blur_picture_file(
    source: Path, target: Path, options: BlurOptions, people: Sequence[FramePerson] | None = None
) -> PictureReport:
    """Writes a copy of a picture file as JPEG, PNG or WebP, by the target's ending, without any metadata.

    Ids of `options.whom` are those of `people`, or count the faces as `python -m analysis faces` lists them, from 1.
    The source is decoded in a child process with limits on time and memory. Raises UnreadablePicture, PictureTooLarge
    or UnknownPerson.
    """
    if target.suffix.lower() not in WRITTEN_AS:
        raise errors.AnalysisError(f"{target.name}: pictures are written as {', '.join(sorted(WRITTEN_AS))}")
    request = {
        "source": str(source.resolve()),
        "written_as": WRITTEN_AS[target.suffix.lower()],
        "hide": sorted(options.whom.hide),
        "keep": sorted(options.whom.keep),
        "margin": options.margin,
        "style": options.style,
        "rounds": options.rounds,
        "people": None if people is None else [person.document() for person in people],
    }
    from analysis.video.web_copy import written_whole  # deferred: loads cv2

    limits = Limits(MEMORY_BYTES, TIMEOUT_S, silent_s=TIMEOUT_S, reads=[str(source.resolve())])
    said, (encoded,) = ask_limited("blur_picture", request, limits, name=source.name, fails_as=errors.UnreadablePicture)
    with written_whole(target) as part:
        part.write_bytes(encoded)
    return PictureReport(**said["report"])


def blur(fields: Fields, parts: Sequence[bytearray]) -> Iterator[Message]:
    """Runs in the limited process: hides what is asked for, says the report and the encoded picture."""
    import cv2  # deferred: loads cv2

    from analysis.exports.picture_people import FramePerson  # deferred: loads cv2
    from analysis.images.read import read_picture  # deferred: loads cv2
    from analysis.pipeline import AnalysisOptions, load_models  # deferred: loads cv2

    options = BlurOptions(
        HideChoice(frozenset(fields["hide"]), frozenset(fields["keep"])),
        margin=fields["margin"],
        style=HidingStyle(fields["style"]),
        rounds=fields["rounds"],
    )
    image_bgr = read_picture(Path(fields["source"]))
    people = fields["people"]
    known = None if people is None else [FramePerson.of_document(person) for person in people]
    report = hide_faces(image_bgr, load_models(AnalysisOptions(), of_stills=True), options, known)
    settings = [cv2.IMWRITE_JPEG_QUALITY, QUALITY, cv2.IMWRITE_WEBP_QUALITY, QUALITY]
    yield {"report": asdict(report)}, [cv2.imencode(fields["written_as"], image_bgr, settings)[1].tobytes()]


def hide_faces(
    image_bgr: Image, models: Models, options: BlurOptions, people: Sequence[FramePerson] | None = None
) -> PictureReport:
    """Hides faces of a picture `(h, w, 3)` in place; see `blur_picture_file`. Raises UnknownPerson."""
    import numpy as np  # deferred: one command of many

    from analysis.exports.picture_people import FramePeople  # deferred: loads cv2

    known = None if people is None else FramePeople.of(people, options.whom)
    faces, to_hide, hidden_vectors = _faces_to_hide(image_bgr, options.whom, models, known)
    left = faces.boxes_xyxy[~to_hide]
    places = faces.boxes_xyxy[to_hide]
    if known is not None:
        places = np.concatenate([places, known.unseen(faces.boxes_xyxy)])
    regions = [(box, options.style) for box in places]
    found, rounds, hidden = np.zeros((0, 4), np.float32), 0, 0
    while rounds < options.rounds:
        rounds += 1
        _hide(image_bgr, regions[hidden:], options.margin)
        hidden = len(regions)
        found, covered = _found_again(image_bgr, regions, left, hidden_vectors, models, options)
        if not len(found):
            break
        regions += [
            (box, HidingStyle.SOLID if solid else options.style) for box, solid in zip(found, covered, strict=True)
        ]
    height, width = image_bgr.shape[:2]
    hidden_xyxy = _placed([box for box, _ in regions[:hidden]], options.margin, image_bgr)
    return PictureReport(
        faces=len(faces),
        faces_hidden=int(to_hide.sum()),
        faces_found=len(found),
        rounds=rounds,
        share_hidden=_area_of_all(hidden_xyxy) / (width * height),
        width=width,
        height=height,
    )


def _faces_to_hide(
    image_bgr: Image, choice: HideChoice, models: Models, people: FramePeople | None
) -> tuple[Faces, Any, Float32]:
    """Returns the faces, listed ones first, which of them are hidden `(n,)`, and vectors of whoever is `(k, d)`."""
    import numpy as np  # deferred: one command of many

    from analysis.faces.thresholds import thresholds_for  # deferred: one command of many

    listed, faces = _all_faces(image_bgr, models)
    vectors = _vectors(image_bgr, faces, models)
    if people is None:
        unknown = sorted((choice.hide | choice.keep) - set(range(1, listed + 1)))
        if unknown:
            raise errors.UnknownPerson(f"no face {unknown[0]} in this picture; there are {listed}")
        to_hide = np.array([choice.hides(number) for number in range(1, len(faces) + 1)], bool)
        return faces, to_hide, vectors[to_hide]
    review_from = thresholds_for(models.embedder_name).identification.review_from
    to_hide = people.to_hide(faces.boxes_xyxy, vectors, review_from)
    parts = [part for part in (vectors[to_hide], people.views.hidden) if len(part)]
    return faces, to_hide, np.concatenate(parts) if parts else np.zeros((0, 0), np.float32)


def _all_faces(image_bgr: Image, models: Models) -> tuple[int, Faces]:
    """Returns the faces of a picture, doubtful ones at the end, and how many are not doubtful."""
    import numpy as np  # deferred: one command of many

    from analysis.boxes import iou_matrix  # deferred: one command of many
    from analysis.types import Faces, Thoroughness  # deferred: one command of many

    listed = models.detector.detect(image_bgr, Thoroughness.BALANCED, LISTED_SCORE)
    looked_for = models.detector.detect(image_bgr, Thoroughness.THOROUGH, LOOKED_FOR_SCORE)
    is_new = iou_matrix(looked_for.boxes_xyxy, listed.boxes_xyxy).max(axis=1, initial=0) < SAME_FACE_IOU
    faces = Faces(
        np.concatenate([listed.boxes_xyxy, looked_for.boxes_xyxy[is_new]]),
        np.concatenate([listed.scores, looked_for.scores[is_new]]),
        np.concatenate([listed.landmarks, looked_for.landmarks[is_new]]),
    )
    return len(listed), faces


def _vectors(image_bgr: Image, faces: Faces, models: Models) -> Float32:
    import numpy as np  # deferred: one command of many

    if not len(faces):
        return np.zeros((0, 0), np.float32)
    return models.embedder.embed(models.embedder.align(image_bgr, faces.landmarks))


def _hide(image_bgr: Image, regions: Sequence[tuple[Float32, HidingStyle]], margin: float) -> None:
    from analysis.exports.hide_regions import hide_in_picture  # deferred: loads cv2

    placed = _placed([box for box, _ in regions], margin, image_bgr)
    for (box, style), region in zip(regions, placed, strict=True):
        hide_in_picture(image_bgr, region, float((box[2:] - box[:2]).max()), style)


def _placed(boxes: Sequence[Float32], margin: float, image_bgr: Image) -> NDArray[np.int64]:
    """Returns what is hidden for these boxes `(n, 4)`."""
    import numpy as np  # deferred: one command of many

    from analysis.exports.hide_regions import regions_of  # deferred: loads cv2

    height, width = image_bgr.shape[:2]
    return regions_of(np.array(boxes, np.float32).reshape(-1, 4), margin, width, height)


def _area_of_all(regions_xyxy: NDArray[np.int64]) -> int:
    """Returns how many pixels the regions `(n, 4)` cover together, without a mask of the whole picture."""
    import numpy as np  # deferred: one command of many

    xs, ys = np.unique(regions_xyxy[:, 0::2]), np.unique(regions_xyxy[:, 1::2])
    covered = np.zeros((max(len(ys) - 1, 0), max(len(xs) - 1, 0)), bool)
    for x1, y1, x2, y2 in regions_xyxy:
        covered[
            np.searchsorted(ys, y1) : np.searchsorted(ys, y2), np.searchsorted(xs, x1) : np.searchsorted(xs, x2)
        ] = 1
    return int((covered * np.diff(ys)[:, None] * np.diff(xs)).sum()) if covered.size else 0


def _found_again(
    image_bgr: Image,
    regions: Sequence[tuple[Float32, HidingStyle]],
    left: Float32,
    hidden_vectors: Float32,
    models: Models,
    options: BlurOptions,
) -> tuple[Float32, Any]:
    """Returns the boxes of faces `(k, 4)` that should not be seen, and which of them are covered already `(k,)`."""
    import numpy as np  # deferred: one command of many

    from analysis.boxes import iou_matrix  # deferred: one command of many
    from analysis.exports import check_copy  # deferred: loads cv2
    from analysis.exports.hide_regions import with_margin  # deferred: loads cv2
    from analysis.faces.clarity import CLEAR_PRESENCE  # deferred: one command of many
    from analysis.types import Thoroughness  # deferred: one command of many

    faces = models.detector.detect(image_bgr, Thoroughness.THOROUGH, LOOKED_FOR_SCORE)
    if not len(faces):
        return np.zeros((0, 4), np.float32), np.zeros(0, bool)
    boxes = faces.boxes_xyxy
    hidden = np.array([box for box, _ in regions], np.float32).reshape(-1, 4)
    covered = check_copy.covered_shares(boxes, with_margin(hidden, options.margin)) >= check_copy.COVERED_SHARE
    is_left = iou_matrix(boxes, left).max(axis=1, initial=0) >= SAME_FACE_IOU
    similar = np.full(len(faces), -1.0)
    if len(hidden_vectors):
        similar = (_vectors(image_bgr, faces, models) @ hidden_vectors.T).max(axis=1)
    again = np.where(covered, similar >= check_copy.MATCH_COVERED_FROM, ~is_left & (similar >= check_copy.MATCH_FROM))
    if not options.whom.hides_some:
        presence = models.mesh.rate(image_bgr, boxes, faces.landmarks).presence
        again |= ~covered & ~is_left & (faces.scores >= LISTED_SCORE) & (presence >= CLEAR_PRESENCE)
    return with_margin(boxes[again], 0.2), covered[again]
