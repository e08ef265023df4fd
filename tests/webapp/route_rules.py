"""The table of `test_every_route.py`: what each route is for, who may use it how, and whose ids it reads.

A row stands under the route's pattern. It lists calls, each with a method, who may make it, and what it sends. `@kind`
is the id of such a thing of a team (`route_things.py`). Parameters of the pattern stand for the kinds in `PARAMETERS`
(`route_calls.py`) unless the call says otherwise (`at`). Each call is made on things of a team as every role, and each
`@kind` that it sends is walked again with another team's id beside one's own things in the address.
"""

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.factories_datasets import picture
from tests.webapp.route_calls import (
    EDIT,
    EVERYBODY,
    INVALID,
    MANAGE,
    REFUSED,
    SEE,
    SIGNED_IN,
    THE_ADMINS,
    THE_EDITORS,
    Call,
    get,
    get_and_post,
    post,
    tus,
    tus_file,
)
from tests.webapp.route_rules_accounts import ACCOUNTS
from tests.webapp.route_rules_api import API

FILES = [{"name": "a.mp4", "size": 5, "type": "video/mp4", "fingerprint": "x"}]
VIDEOS = {
    "videos/uploads/": [
        Call("OPTIONS", EVERYBODY),
        tus("POST", EDIT, metadata={"team": "@team", "filename": "a.mp4"}, is_named=True),
    ],
    "videos/uploads/precheck/": [post(EDIT, {"team": "@team", "files": FILES}, is_named=True, is_json=True)],
    "videos/uploads/<uuid:upload_id>": tus_file(THE_EDITORS),
    "videos/uploads/<uuid:upload_id>/stop/": [post(THE_EDITORS)],
    "videos/<uuid:video_id>/play": [get(SEE)],
    "videos/<uuid:video_id>/download": [get(SEE)],
    "videos/<uuid:video_id>/poster.jpg": [get(SEE)],
    "videos/<uuid:video_id>/sprites.jpg": [get(SEE)],
    "videos/": [
        get(SIGNED_IN),
        get(SIGNED_IN, {"person": "@person", "match": "any"}),
        get(SIGNED_IN, {"without": "@person"}),
        get(SIGNED_IN, {"uploader": "@user", "page": "1"}),
        get(SIGNED_IN, {"label": "@label key"}),
        get(SIGNED_IN, {"tag": "@tag", "favourite": "1"}),
    ],
    "videos/changes/": [get(SIGNED_IN, {"card": "@video"}), get(SIGNED_IN, {"state": "done"})],
    "videos/people/": [get(SIGNED_IN), get(SIGNED_IN, {"who": "a", "person": "@person", "number": "2"})],
    "videos/upload/": [get(SIGNED_IN)],
    "videos/bulk/": [
        post(EDIT, {"action": action, "video": "@video"}, is_named=True, refused=REFUSED)
        for action in ("delete", "analyse", "labels")
    ]
    + [post(EDIT, {"action": "tag", "tag": "Studio", "video": "@video"}, is_named=True, refused=REFUSED)],
    "videos/tags/": [get(SIGNED_IN)],
    "videos/tags/suggest/": [get(SIGNED_IN, {"q": "tag"})],
    "videos/tags/<uuid:tag_id>/put-on/": [post(EDIT, {"videos": "@other video"}, is_named=True)],
    "videos/tags/<uuid:tag_id>/take-off/": [post(EDIT, {"videos": "@video"}, is_named=True)],
    "videos/tags/<uuid:tag_id>/rename/": [post(EDIT, {"tag": "Studio"})],
    "videos/tags/<uuid:tag_id>/merge/": [post(EDIT, {"tag": "@other tag name"}, is_named=True, refused=REFUSED)],
    "videos/tags/<uuid:tag_id>/delete/": [post(EDIT)],
    "videos/tags/<uuid:tag_id>/restore/": [post(EDIT, at={"tag_id": "@deleted tag"})],
    "videos/<uuid:video_id>/tag/": [post(EDIT, {"tag": "Studio"})],
    "videos/<uuid:video_id>/favourite/": [post(SEE, {"on": "1"})],
    "videos/bulk/restore/": [post(EDIT, {"videos": "@deleted video"}, is_named=True, refused=REFUSED)],
    "videos/sample/": [post(EDIT)],
    "videos/<uuid:video_id>/": [get(SEE), get(SEE, {"person": "@person", "tab": "timeline"})],
    "videos/<uuid:video_id>/next-step/dismiss/": [post(EDIT)],
    "videos/<uuid:video_id>/state/": [get(SEE)],
    "videos/<uuid:video_id>/panel/": [get(SEE, {"person": "@person", "tab": "labels"})],
    "videos/<uuid:video_id>/boxes.json": [get(SEE, {"from": "0", "to": "10"})],
    "videos/<uuid:video_id>/rename/": [post(EDIT, {"title": "New"})],
    "videos/<uuid:video_id>/delete/": [post(EDIT)],
    "videos/<uuid:video_id>/restore/": [post(EDIT, at={"video_id": "@deleted video"})],
    "videos/<uuid:video_id>/analyse/": [post(EDIT, {"thoroughness": "fast"})],
    "videos/<uuid:video_id>/cancel/": [post(EDIT, at={"video_id": "@video at work"})],
}
SEARCH = {
    "search/": [get(SIGNED_IN, {"q": "face and tom"})],
    "search/options/": [get(SIGNED_IN, {"q": "face"})],
}
UNCLEAR = {"track_id": "@unclear track"}
SHARES = {"accept_from": "60", "review_from": "40"}
PEOPLE = {
    "people/": [get(SIGNED_IN), get(SIGNED_IN, {"q": "face", "mode": "hide", "page": "1"})],
    "people/suggest/": [get(SIGNED_IN, {"q": "a"})],
    "people/visibility/": [post(EDIT, {"shown": "@person"})],
    "people/faces/<uuid:face_id>.jpg": [get(SEE)],
    "people/why/<int:track_id>/": [get(SEE)],
    "people/unclear/<int:track_id>/give/": [
        post(EDIT, {"name": "Ada"}, at=UNCLEAR),
        post(EDIT, {"person": "@person", "sure": "1"}, at=UNCLEAR),
    ],
    "people/photo/": [get(EDIT), post(EDIT, gives=INVALID)],
    "people/face-model/": [get(MANAGE)],
    "people/face-model/prepare/": [post(MANAGE, {"embedder": "unknown"}, gives=REFUSED)],
    "people/face-model/<uuid:introduction_id>/<str:verb>/": [
        post(MANAGE, at={"verb": "discard"}),
        post(MANAGE, at={"verb": "retry"}),
        *(post(MANAGE, at={"verb": verb}, gives=REFUSED) for verb in ("switch", "roll-back")),
    ],
    "people/strictness/": [get(MANAGE)],
    "people/strictness/set/": [post(MANAGE, SHARES)],
    "people/review/": [get(EDIT)],
    "people/review/answer/": [
        post(EDIT, {"answer": "no", "keeps": "@person", "other": "@other person"}),
        post(EDIT, {"answer": "hide", "keeps": "@person", "other": "@other person"}),
        post(EDIT, {"answer": "yes", "keeps": "@person", "other": "@other person", "sure": "1"}),
        post(EDIT, {"answer": "skip", "suggestion": "@suggestion"}),
        post(EDIT, {"answer": "skip", "keeps": "@person", "shown": "@other person"}),
    ],
    "people/events/<uuid:event_id>/undo/": [post(EDIT)],
    "people/events/<uuid:event_id>/<uuid:other_id>/undo/": [post(EDIT)],
    "people/<uuid:person_id>/": [get(SEE), get(SEE, at={"person_id": "@merged person"})],
    "people/<uuid:person_id>/name/": [
        post(EDIT, {"name": "Anna"}),
        post(EDIT, {"name": "Anna", "merge_into": "@other person"}),
    ],
    "people/<uuid:person_id>/merge/": [get(EDIT), get(EDIT, {"with": "@other person"})],
    "people/<uuid:person_id>/merge/now/": [post(EDIT, {"from": "@other person", "sure": "1"})],
    "people/<uuid:person_id>/split/": [get(EDIT)],
    "people/<uuid:person_id>/split/now/": [post(EDIT, {"group": "@track"})],
    "people/<uuid:person_id>/move/": [post(EDIT, {"track": "@track", "name": "Anna"})],
    "people/<uuid:person_id>/unclear/": [post(EDIT, {"track": "@given track"}, at={"person_id": "@other person"})],
    "people/<uuid:person_id>/portrait/": [post(EDIT, {"track": "@track"})],
    "people/<uuid:person_id>/delete/": [post(EDIT)],
    "people/<uuid:person_id>/limits/": [post(MANAGE, SHARES)],
}
VERSION = {"number": "@version number"}
PICTURES, ARCHIVE = {"import_id": "@pictures import", "number": "0"}, {"import_id": "@archive import"}
IMPORT_UPLOAD = ARCHIVE | {"upload_id": "@import upload"}
MENDED = {"finding_id": "@mended finding"}
DATASET = "datasets/<uuid:dataset_id>/"
FILTERS = {"label": "@label", "video": "@video", "import": "@import"}
NEW_DATASET = {"name": "New", "kind": "frames", "labels": "a, b", "keeps_samples": "yes"}
FREEZE = {"group_by": "source", "shares": "70", "seed": "0"}
DATASETS = {
    "datasets/": [get(SIGNED_IN, {"page": "1"})],
    "datasets/new/": get_and_post(MANAGE, NEW_DATASET),
    "datasets/sample/": [post(MANAGE)],
    DATASET + "edit/": get_and_post(MANAGE, {"name": "New", "keeps_samples": "no"}),
    DATASET + "delete/": [post(MANAGE)],
    DATASET + "restore/": [post(MANAGE, at={"dataset_id": "@deleted dataset"})],
    DATASET + "labels/": [post(EDIT, {"name": "new"})],
    DATASET + "labels/<int:label_id>/": [post(EDIT, {"name": "new", "hue": "1"})],
    DATASET + "labels/<int:label_id>/remove/": [post(EDIT, at={"label_id": "@spare label"})],
    DATASET + "doctor/": [get(SEE)],
    DATASET + "doctor/examine/": [post(EDIT)],
    DATASET + "doctor/<int:finding_id>/": [get(SEE)],
    DATASET + "doctor/<int:finding_id>/mend/": [post(EDIT, {"act": "leave_out"})],
    DATASET + "doctor/<int:finding_id>/take-back/": [post(EDIT, at=MENDED)],
    DATASET + "doctor/<int:finding_id>/dismiss/": [post(EDIT)],
    DATASET + "preview/": [get(SEE)],
    DATASET + "preview/<int:number>.png": [get(SEE)],
    DATASET + "versions/": [get(SEE)],
    DATASET + "versions/freeze/": [post(MANAGE, FREEZE)],
    DATASET + "versions/<int:number>/": [get(SEE, at=VERSION)],
    DATASET + "versions/<int:number>/compare/<int:other>/": [get(SEE, at=VERSION | {"other": "@other version number"})],
    DATASET + "versions/<int:number>/delete/": [post(MANAGE, at=VERSION)],
    DATASET + "versions/<int:number>/restore/": [post(MANAGE, at={"number": "@deleted version number"})],
    DATASET + "versions/<int:number>/export/": [get(SEE, at=VERSION)],
    DATASET + "export/": [get(SEE, {"form": form}) for form in ("zip", "coco", "yolo", "csv")],
    DATASET + "fill/": [
        get(SEE, {"from": "people", "people": "@person"}),
        get(SEE, {"from": "frames", "videos": "@video"}),
    ],
    DATASET + "imports/": [
        post(MANAGE, {"from": "people", "people": "@person"}),
        post(MANAGE, {"from": "people", "people": "@person", "videos": "@video"}),
        post(MANAGE, {"from": "frames", "videos": "@video"}),
        post(MANAGE, {"from": "pictures", "expected": "1", "title": "x"}),
    ],
    DATASET + "imports/<uuid:import_id>/batches/<int:number>/": [
        post(MANAGE, {"pictures": SimpleUploadedFile("a.jpg", picture())}, at=PICTURES)
    ],
    DATASET + "imports/<uuid:import_id>/files/": [
        Call("OPTIONS", EVERYBODY),
        tus("POST", MANAGE, at=ARCHIVE, metadata={"filename": "a.zip"}),
    ],
    DATASET + "imports/<uuid:import_id>/files/<uuid:upload_id>": tus_file(THE_ADMINS, IMPORT_UPLOAD),
    DATASET + "imports/<uuid:import_id>/start/": [post(MANAGE, at=PICTURES)],
    DATASET + "imports/<uuid:import_id>/go-on/": [post(MANAGE, gives=REFUSED)],
    DATASET + "imports/<uuid:import_id>/discard/": [post(MANAGE, at=PICTURES)],
    DATASET + "imports/<uuid:import_id>/undo/": [post(MANAGE)],
    DATASET + "imports/<uuid:import_id>/problems/": [get(SEE, {"page": "1"})],
    DATASET: [get(SEE), get(SEE, FILTERS)],
    DATASET + "label-bar/": [get(SEE, FILTERS)],
    DATASET + "samples/": [get(SEE, FILTERS | {"since": "0"})],
    DATASET + "samples/rows/": [get(SEE, {"numbers": "1-2"})],
    DATASET + "samples/counts/": [get(SEE, FILTERS | {"since": "0"})],
    DATASET + "samples/videos/": [get(SEE, {"words": "video"})],
    DATASET + "samples/<int:number>/thumbnail.jpg": [get(SEE)],
    DATASET + "samples/<int:number>/file": [get(SEE)],
    DATASET + "acts/": [post(EDIT, {"do": "label", "groups": [["@label", [[1, 1, 0]]]]}, is_json=True)],
    DATASET + "acts/<uuid:act_id>/undo/": [post(EDIT)],
}
RUN = "training/<uuid:run_id>/"
RUNNING, DEPLOYED, TRIED = {"run_id": "@running run"}, {"run_id": "@deployed run"}, {"explanation_id": "@tried"}
LOOK = RUN + "looks/<uuid:explanation_id>/"
SEEN_ALONE = [get(SEE), get(THE_EDITORS, at=TRIED)]
"""An explanation of a sample, and one of a file that the editor tried."""
TRAINING = {
    "training/": [get(SIGNED_IN), get(SIGNED_IN, {"dataset": "@dataset", "page": "1"})],
    "training/new/": [get(MANAGE)],
    "training/new/<uuid:version_id>/": [
        get(MANAGE, {"from": "@run"}),
        post(MANAGE, {"recipe": "tutorial"}, gives=REFUSED),
    ],
    "training/datasets/<uuid:dataset_id>/": [get(SEE), get(SEE, at={"dataset_id": "@faces dataset"})],
    "training/compare/": [
        get(SEE, {"run": ["@run", "@older run"], "pair": ["@run", "@older run"]}, is_named=True),
        get(SEE, {"line": "@dataset"}, is_named=True),
    ],
    RUN: [get(SEE), get(SEE, at=RUNNING)],
    RUN + "pause/": [post(MANAGE, at=RUNNING)],
    RUN + "go-on/": [post(MANAGE, at={"run_id": "@paused run"})],
    RUN + "cancel/": [post(MANAGE, at=RUNNING)],
    RUN + "keep/": [post(MANAGE, at=RUNNING)],
    RUN + "delete/": [post(MANAGE)],
    RUN + "restore/": [post(MANAGE, at={"run_id": "@deleted run"})],
    RUN + "samples/": [get(SEE, {"wrong": "1"})],
    RUN + "samples/<int:number>/relabel/": [
        post(EDIT, {"label": "@spare label", "revision": "0"}),
        post(EDIT, {"leave_out": "1", "revision": "0"}),
    ],
    RUN + "threshold/": [get(SEE, {"label": "lie", "at": "50"})],
    RUN + "promote/": [get(MANAGE), post(MANAGE, {"sure": "1"})],
    RUN + "withdraw/": [post(MANAGE)],
    RUN + "roll-back/": [post(MANAGE)],
    RUN + "at-work/": [get(SEE)],
    RUN + "try/": [get(EDIT), post(EDIT, {"file": SimpleUploadedFile("a.jpg", picture())})],
    RUN + "look/": [get(SEE, {"sample": "@sample number"}), get(SEE, {"video": "@video", "t": "1"})],
    RUN + "looks/": [
        post(SEE, {"sample": "@sample number"}),
        post(SEE, {"video": "@video", "t": "1"}),
        post(SEE, {"again": "@explanation", "label": "stand"}),
        post(SEE, {"average": "1", "label": "stand"}),
        post(THE_EDITORS, {"again": "@tried", "label": "stand"}, is_named=True),
    ],
    LOOK: SEEN_ALONE,
    LOOK + "pictures/": SEEN_ALONE,
    LOOK + "answer/": SEEN_ALONE,
    LOOK + "<str:name>": [get(SEE, at={"name": "heat.png"}), get(THE_EDITORS, at=TRIED | {"name": "picture.jpg"})],
    RUN + "download/": [get(SEE)],
    RUN + "download/<str:name>": [get(SEE, at={"name": "model.onnx"})],
}
APPLIED = {"batch_id": "@applied batch"}
RECOGNITION = {
    "recognition/": [get(SIGNED_IN)],
    "recognition/begin/": [
        post(EDIT, {"run": "@deployed run", "video": "@video"}),
        post(EDIT, {"video": "@video"}),
        post(EDIT, {"run": "@deployed run", "which": "all"}),
    ],
    "recognition/runs/<uuid:run_id>/apply/": [get(EDIT, at=DEPLOYED)],
    "recognition/runs/<uuid:run_id>/doubtful/": [get(EDIT, at=DEPLOYED)],
    "recognition/runs/<uuid:run_id>/doubtful/answer/": [
        post(EDIT, {"moment": "@moment", "answer": "@label"}, at=DEPLOYED),
        post(EDIT, {"moment": "@moment", "answer": "skip"}, at=DEPLOYED),
    ],
    "recognition/runs/<uuid:run_id>/doubtful/undo/": [post(EDIT, {"moment": "@moment", "act": "@act"}, at=DEPLOYED)],
    "recognition/moments/<int:observation_id>.jpg": [get(SEE)],
    "recognition/<uuid:recognition_id>/again/": [post(EDIT, at={"recognition_id": "@failed recognition"})],
    "recognition/batches/<uuid:batch_id>/": [get(SEE, {"page": "1"})],
    "recognition/batches/<uuid:batch_id>/decide/": [
        post(EDIT, {"act": "apply", "recognition": "@recognition"}),
        post(EDIT, {"act": "discard", "recognition": "@recognition"}),
    ],
    "recognition/batches/<uuid:batch_id>/undo/": [post(EDIT, {"recognitions": "@applied recognition"}, at=APPLIED)],
}
REEL = {"kind": "reel", "order": "video", "min_s": "1", "padding_s": "0"}
EXPORT = "exports/<uuid:export_id>/"
EXPORTS = {
    "exports/": [get(SIGNED_IN, {"by": "me", "page": "1"})],
    "exports/choose/": [post(SEE, {"video": "@video"}, is_named=True, refused=REFUSED)],
    "exports/new/": [
        get(SEE, {"video": "@video"}, is_named=True),
        get(SEE, {"person": "@person"}, is_named=True),
        post(SEE, {"video": "@video", "person": "@person"} | REEL, is_named=True),
    ],
    "exports/appearances/<str:form>/": [
        get(SEE, {"video": "@video", "person": "@person"}, at={"form": form}, is_named=True)
        for form in ("csv", "json", "vtt")
    ],
    EXPORT: [get(SEE), get(SEE, at={"export_id": "@export at work"})],
    EXPORT + "file": [get(SEE)],
    EXPORT + "play": [get(SEE)],
    EXPORT + "again/": [post(SEE)],
    EXPORT + "cancel/": [post(EDIT, at={"export_id": "@export at work"})],
    EXPORT + "delete/": [post(EDIT)],
}
SHARE = {"title": "New", "days": "1", "part": "whole"}
MOMENT = SHARE | {"part": "moment", "start_s": "0:01", "end_s": "0:03"}
SHARED = {"token": "@share token"}
SHARING = {
    "sharing/": [get(SIGNED_IN), get(SIGNED_IN, {"video": "@video", "page": "1"})],
    "sharing/new/": [
        get(EDIT, {"video": "@video", "person": "@person", "t": "2"}, is_named=True),
        get(EDIT, {"export": "@export"}, is_named=True),
        post(EDIT, {"video": "@video", "person": "@person"} | SHARE, is_named=True),
        post(EDIT, {"video": "@video", "person": "@person"} | MOMENT, is_named=True),
        post(EDIT, {"export": "@export", "person": "@person"} | SHARE, is_named=True),
    ],
    "sharing/<uuid:link_id>/seen/": [get(EDIT)],
    "sharing/<uuid:link_id>/renew/": [post(EDIT)],
    "sharing/<uuid:link_id>/revoke/": [post(EDIT)],
    # Whoever has the link sees what it shows, and nothing else of the team.
    "s/<str:token>/": get_and_post(EVERYBODY, {"password": "x"}, at=SHARED),
    "s/<str:token>/media": [get(EVERYBODY, at=SHARED)],
    "s/<str:token>/download": [get(EVERYBODY, at=SHARED)],
}
ROUTES: dict[str, list[Call]] = (
    ACCOUNTS | API | SEARCH | VIDEOS | PEOPLE | DATASETS | TRAINING | RECOGNITION | EXPORTS | SHARING
)
SOCKETS: dict[str, tuple[frozenset[str], str]] = {
    "ws/teams/<uuid:key>/": (SEE, "@team"),
    "ws/videos/<uuid:key>/": (SEE, "@video"),
    "ws/datasets/<uuid:key>/": (SEE, "@dataset"),
    "ws/training/<uuid:key>/": (SEE, "@run"),
}
"""Who may listen to what."""
