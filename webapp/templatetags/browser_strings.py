"""Everything that the JavaScript in static/js may say; `{% browser_strings %}` hands it to the page.

`{name}` marks what `say()` in static/js/api.js fills in.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

STRINGS: dict[str, Promise] = {
    # uploads
    "upload.queued": _("Waits for its turn"),
    "upload.starting": _("Starting"),
    "upload.progress": _("{percent} % · {done} of {total}"),
    "upload.speed": _("{speed}/s · {left}"),
    "upload.left.seconds": _("less than a minute left"),
    "upload.left.minutes": _("about {n} min left"),
    "upload.left.hours": _("about {n} h left"),
    "upload.paused": _("Paused at {percent} %"),
    "upload.retrying": _("Connection lost at {percent} %. Goes on by itself as soon as it is back."),
    "upload.done": _("Uploaded"),
    "upload.cancelled": _("Cancelled"),
    "upload.again": _("Choose the file again to go on: {percent} %"),
    "upload.failed": _("The upload stopped. Press Try again; what has arrived is kept."),
    "upload.gone": _("The server no longer has the part that had arrived. Press Try again to start over."),
    "upload.too_large": _(
        "This file is larger than is allowed here. Make it shorter or smaller, then upload it again."
    ),
    "upload.disk_full": _(
        "The server has too little space left. Delete videos that are no longer needed, then try again."
    ),
    "upload.signed_out": _("You are signed out. Sign in again, then choose the file again: it goes on where it was."),
    "upload.forbidden": _(
        "You may look at this team's videos but not add any. Ask an admin of the team for the role Editor."
    ),
    "upload.unreadable": _("Your browser could not read this file. Was it moved or changed? Choose it again."),
    "upload.summary": _("{n} uploading · {percent} %"),
    "upload.pause": _("Pause the upload of {name}"),
    "upload.resume": _("Go on with the upload of {name}"),
    "upload.cancel": _("Cancel the upload of {name}"),
    # filling a dataset
    "import.pictures": _("{n} pictures"),
    "import.arrived": _("{n} of {all} arrived"),
    "import.too_large": _("{n} pictures are larger than {most}. Put those into a ZIP file and upload that."),
    "import.failed": _("That did not work. Check your connection and try again."),
    # player
    "player.play": _("Play"),
    "player.pause": _("Pause"),
    "player.mute": _("Mute"),
    "player.unmute": _("Sound on"),
    "player.full": _("Full screen"),
    "player.unfull": _("Leave full screen"),
    "player.position": _("{now} of {length}"),
    "player.failed": _("Your browser cannot play this video. Reload the page, or download the original."),
    # panel
    "panel.hidden_one": _("1 brief face under {least} is hidden."),
    "panel.hidden_many": _("{n} brief faces under {least} are hidden."),
    "panel.place": _("{n} of {count}"),
    "panel.seconds": _("{n} s"),
    "panel.minutes": _("{n} min"),
    # labels that models found
    "labels.percent": _("{n} %"),
    "labels.hidden_one": _("1 stretch is hidden."),
    "labels.hidden_many": _("{n} stretches are hidden."),
    # names
    "name.suggestions_none": _("Nobody has that name yet"),
    "name.suggestions_some": _("{n} names fit. Use the arrow keys to choose."),
    "name.failed": _("The name could not be saved. Check your connection and try again."),
    # label grid
    "grid.sample": _("Sample {n}"),
    "grid.waiting": _("One moment…"),
    "grid.gone": _("No longer here"),
    "grid.unlabelled": _("no label"),
    "grid.out": _("Left out"),
    "grid.out_and": _("Left out · {name}"),
    "grid.guess": _("{name}?"),
    "grid.certainty": _("{percent} %"),
    "grid.none_selected": _("Nothing selected"),
    "grid.one_selected": _("1 selected"),
    "grid.selected": _("{n} selected"),
    "grid.range_from": _("Choose the first one"),
    "grid.range_to": _("Choose the last one"),
    "grid.hint_filter": _("Click one to see only its samples"),
    "grid.hint_give_one": _("Click one to give it to the selected sample"),
    "grid.hint_give": _("Click one to give it to all {n}"),
    "grid.leave_out": _("Leave out"),
    "grid.take_in": _("Take in"),
    "grid.nothing_suggested": _("There is no suggestion among what you have seen and selected."),
    "grid.label_first": _("Give it a label first; then T gives the same one to the whole track."),
    "grid.no_track": _("This sample is not part of a track."),
    "grid.again": _("{n} fit now · Show them"),
    "grid.new_one": _("1 new sample · Show it"),
    "grid.new": _("{n} new samples · Show them"),
    "grid.samples_one": _("1 sample"),
    "grid.samples": _("{n} samples"),
    "grid.failed": _("That could not be saved. Check your connection and try again."),
    "grid.load_failed": _("The samples could not be loaded. Check your connection and reload the page."),
    # training
    "train.usual": _("{value} (usual)"),
    "curves.epoch": _("Epoch"),
    "curves.way": _("Way to look"),
    "curves.train": _("learned from"),
    "curves.validation": _("not seen"),
    # people
    "hide.show_all": _("Show all"),
    "hide.hide_unnamed": _("Hide unnamed"),
    "hide.hide_all": _("Hide all"),
    "hide.changed_one": _("1 change"),
    "hide.changed_many": _("{n} changes"),
    "faces.chosen_none": _("Choose appearances to move them to someone else, or one as the portrait."),
    "faces.chosen_one": _("1 chosen"),
    "faces.chosen_many": _("{n} chosen"),
    "videos.chosen_one": _("1 video chosen"),
    "videos.chosen_many": _("{n} videos chosen"),
    # everywhere
    "undo": _("Undo"),
    "close": _("Close"),
    "undo.failed": _("That could not be undone. Reload the page to see how things stand."),
    "form.failed": _("That did not work. Reload the page and try again."),
    "live.lost": _("Connection lost. Trying again…"),
    "theme.label": _("Colours: {theme}"),
    "theme.auto": _("As the system"),
    "theme.light": _("Light"),
    "theme.dark": _("Dark"),
}
