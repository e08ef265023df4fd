"""People who sign in, the teams that they share videos in, and their roles."""

import uuid

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from webapp.accounts.email_rules import canonical_email
from webapp.team_scope import TeamOwned

LONGEST_NAME = 120
"""Of people and teams."""


class UserManager(BaseUserManager["User"]):
    """Makes users by e-mail address; there is no user name."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        user = self.model(email=canonical_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_with_hash(self, email: str, encoded: str, **fields: object) -> "User":
        """Makes a user whose password was hashed before: not while a transaction locks the database."""
        user = self.model(email=canonical_email(email), password=encoded, **fields)
        user.save(using=self._db)
        return user


class Theme(models.TextChoices):
    """How pages look to one person, in every browser."""

    UNSET = "", _("As each browser has it")
    AUTO = "auto", _("System")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class User(AbstractUser):
    """Signs in by e-mail address; `name` is what others see."""

    username = None  # type: ignore[assignment]
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=LONGEST_NAME, blank=True)
    sign_outs = models.PositiveIntegerField(default=0)
    """How often this person signed out everywhere; sessions begun before the last time are over."""
    deleted_at = models.DateTimeField(null=True, blank=True)
    """The row stays, without anything personal, because a team's histories refer to it."""
    picture_key = models.CharField(max_length=100, blank=True)
    language = models.CharField(max_length=10, blank=True)
    """Of `LANGUAGES`; empty where the browser decides."""
    theme = models.CharField(max_length=5, choices=Theme.choices, default=Theme.UNSET, blank=True)
    last_team = models.ForeignKey("Team", models.SET_NULL, null=True, blank=True, related_name="+")
    """Chosen last, in whatever browser: a new session begins in it."""
    access_token: "AccessToken | None" = None
    """Set where a request comes by a token: `webapp.access` then allows no more than that. Not stored."""

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = []
    objects = UserManager()  # type: ignore[misc,assignment]

    def __str__(self) -> str:
        return gettext("A deleted account") if self.deleted_at else self.name or self.email

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Extends what each request compares, so that signing out everywhere needs no list of sessions."""
        of_password: str = super()._get_session_auth_hash(secret=secret)  # type: ignore[misc]
        return f"{of_password}.{self.sign_outs}" if self.sign_outs else of_password


class Role(models.TextChoices):
    """What a member may do: viewers see everything, editors upload and name, admins train and manage, owners own."""

    OWNER = "owner", _("Owner")
    ADMIN = "admin", _("Admin")
    EDITOR = "editor", _("Editor")
    VIEWER = "viewer", _("Viewer")


class Team(TeamOwned):
    """People who share videos, people, datasets and models."""

    team_path = "pk"
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=LONGEST_NAME)
    created_at = models.DateTimeField(auto_now_add=True)
    members = models.ManyToManyField(User, through="Membership", related_name="teams")
    photo_search_role = models.CharField(max_length=10, choices=Role.choices, default=Role.EDITOR)
    """The least role with which members may search the team's people by a photo."""
    export_role = models.CharField(max_length=10, choices=Role.choices, default=Role.VIEWER)
    """The least role with which members may take clips, copies and tables of the team's videos away."""
    share_role = models.CharField(max_length=10, choices=Role.choices, default=Role.EDITOR)
    """The least role with which members may make links that show something to people without an account."""
    requires_second_factor = models.BooleanField(default=False)
    """Whether members without a second factor reach nothing of the team, see `webapp.access`."""
    member_acts = models.PositiveIntegerField(default=0)
    """Counted up first by whatever changes members, so that such acts wait for each other."""

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(photo_search_role__in=Role.values), name="photo_search_role_known"
            ),
            models.CheckConstraint(condition=models.Q(export_role__in=Role.values), name="export_role_known"),
            models.CheckConstraint(condition=models.Q(share_role__in=Role.values), name="share_role_known"),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(TeamOwned):
    """One person's role in one team."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)
    created_at = models.DateTimeField(auto_now_add=True)
    next_step_dismissed_at = models.DateTimeField(null=True, blank=True)
    """When this person did away with the line that says what to do next."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="one_membership_per_team"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.role}) in {self.team}"


class MailState(models.TextChoices):
    """How far the mail of an invitation is: none -> waiting -> sent or failed; both -> waiting when sent again."""

    NONE = "", _("Not sent by e-mail")
    WAITING = "waiting", _("Being sent")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Could not be sent")


class Invitation(TeamOwned):
    """A link with which one person joins a team. It is shown once; only its hash is stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=10, choices=Role.choices)
    note = models.CharField(_("who it is for"), max_length=120, blank=True)
    token_hash = models.CharField(max_length=64, unique=True)
    email = models.EmailField(_("e-mail address"), blank=True)
    """Canonical; whom it is for, if that was said."""
    is_for_email_only = models.BooleanField(default=False)
    """Only an account with that address may use it."""
    mail_state = models.CharField(max_length=10, choices=MailState.choices, default=MailState.NONE, blank=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)
    used_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="invitation_role_known"),
            models.CheckConstraint(
                condition=models.Q(is_for_email_only=False) | ~models.Q(email=""), name="invitation_is_for_somebody"
            ),
        ]
        indexes = [models.Index(fields=["team", "-created_at"])]

    def __str__(self) -> str:
        return f"invitation to {self.team} as {self.role}"


class EmailChange(models.Model):
    """A new address that waits to be confirmed by a link sent to it. Only the link's hash is stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="email_changes")
    email = models.EmailField()
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"new address of {self.user} until {self.expires_at}"


class PasswordLink(models.Model):
    """A link with which one person sets a new password once. Only its hash is stored."""

    user = models.ForeignKey(User, models.CASCADE, related_name="password_links")
    made_by = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="+")
    """Who handed it out; it works as long as they manage the account. None where mail or the operator did."""
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"new password for {self.user} until {self.expires_at}"


class TokenScope(models.TextChoices):
    """How much of what its owner may do in the team a token may do."""

    READ = "read", _("Read")
    WRITE = "write", _("Read and write")
    ADMIN = "admin", _("Admin")

    @property
    def role(self) -> Role:
        """The role as which a token of this scope acts, where its owner has that one or a higher one."""
        return {TokenScope.READ: Role.VIEWER, TokenScope.WRITE: Role.EDITOR, TokenScope.ADMIN: Role.ADMIN}[self]


class AccessToken(TeamOwned):
    """A secret with which a program acts for a person in one team. It is shown once; only its hash is stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="access_tokens")
    team = models.ForeignKey(Team, models.CASCADE, related_name="access_tokens")
    name = models.CharField(max_length=80)
    scope = models.CharField(max_length=10, choices=TokenScope.choices)
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    """Within a minute, as not each use is written."""
    last_used_from = models.CharField(max_length=64, blank=True)
    """Network address."""

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(scope__in=TokenScope.values), name="access_token_scope_known"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= timezone.now()


class SignInCounter(models.Model):
    """Counts attempts to sign in until a moment: of one account, from one network, or of both."""

    key = models.CharField(max_length=64, primary_key=True)
    """A digest of what is counted, so that mistyped addresses, or passwords in their place, are not kept."""
    count = models.PositiveIntegerField(default=0)
    until = models.DateTimeField(db_index=True)
    """When counting begins anew, and the row may go."""
    next_at = models.DateTimeField(null=True)
    """No attempt before, for what is slowed down."""

    def __str__(self) -> str:
        return f"{self.count} attempts until {self.until}"


class FirstOwnerLink(models.Model):
    """The link that creates the first account: one row at most, so that a newer link replaces the one before."""

    ONLY = 1
    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY)
    token_digest = models.CharField(max_length=64)
    """SHA-256, so that whoever reads the database cannot use it."""
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_first_owner_link")]

    def __str__(self) -> str:
        return f"until {self.expires_at}"
