"""What the audit log tells of: a closed list of verbs, and of the kinds of things that they are done to."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Action(TextChoices):
    """A verb of the audit log. Entries keep the value; a value that has been written is never renamed."""

    SIGNED_IN = "signed_in", _("Signed in")
    SIGN_IN_FAILED = "sign_in_failed", _("Failed to sign in")
    SIGNED_OUT = "signed_out", _("Signed out")
    PASSWORD_CHANGED = "password_changed", _("Changed password")
    PASSWORD_LINK_MADE = "password_link_made", _("Made link for new password")
    PASSWORD_RESET = "password_reset", _("Reset password")
    ADDED_SECOND_FACTOR = "added_second_factor", _("Added second factor")
    REMOVED_SECOND_FACTOR = "removed_second_factor", _("Removed second factor")
    MADE_RECOVERY_CODES = "made_recovery_codes", _("Created recovery codes")
    USED_RECOVERY_CODE = "used_recovery_code", _("Used a recovery code")
    SIGNED_OUT_DEVICE = "signed_out_device", _("Signed out a device")
    SEEN = "seen", _("Viewed")
    PLAYED = "played", _("Played")
    DOWNLOADED = "downloaded", _("Downloaded")
    EXPORTED = "exported", _("Exported")
    SEARCHED_BY_PHOTO = "searched_by_photo", _("Searched by photo")
    UPLOADED = "uploaded", _("Uploaded")
    NAMED = "named", _("Named")
    MERGED = "merged", _("Merged")
    SPLIT = "split", _("Split")
    MOVED = "moved", _("Moved appearances")
    GAVE_FACES = "gave_faces", _("Named unclear faces")
    MADE_UNCLEAR = "made_unclear", _("Marked as unclear")
    HID = "hid", _("Hid")
    SHOWED = "showed", _("Showed")
    CHOSE_PORTRAIT = "chose_portrait", _("Changed portrait")
    TOLD_APART = "told_apart", _("Marked as different people")
    SET_STRICTNESS = "set_strictness", _("Changed matching strictness")
    UNDID = "undid", _("Undid")
    DELETED = "deleted", _("Deleted")
    RESTORED = "restored", _("Restored")
    FROZE = "froze", _("Created version")
    STARTED_TRAINING = "started_training", _("Started training")
    DEPLOYED = "deployed", _("Put model into use")
    WITHDREW = "withdrew", _("Stopped using model")
    INVITED = "invited", _("Invited")
    REVOKED_INVITATION = "revoked_invitation", _("Revoked invitation")
    MADE_TOKEN = "made_token", _("Created access token")
    REVOKED_TOKEN = "revoked_token", _("Revoked access token")
    JOINED = "joined", _("Joined")
    LEFT = "left", _("Left")
    CHANGED_ROLE = "changed_role", _("Changed role")
    REMOVED_MEMBER = "removed_member", _("Removed member")
    CHANGED_SETTING = "changed_setting", _("Changed setting")


class SubjectKind(TextChoices):
    """The kind of thing an entry is about; the log knows none of them but by name."""

    ACCOUNT = "account", _("Account")
    TEAM = "team", _("Team")
    MEMBER = "member", _("Member")
    INVITATION = "invitation", _("Invitation")
    TOKEN = "token", _("Access token")
    VIDEO = "video", _("Video")
    PERSON = "person", _("Person")
    PEOPLE = "people", _("People")
    DATASET = "dataset", _("Dataset")
    VERSION = "version", _("Version")
    RUN = "run", _("Training run")
    MODEL = "model", _("Model")
    AUDIT_LOG = "audit_log", _("Audit log")
