"""Thresholds that a team has set for everybody, and tentative identities."""

from django.db import models

from webapp.team_scope import TeamOwned


class TeamThresholds(TeamOwned):
    """Accept and review threshold of a team for one embedder, cosines, where an admin has set them."""

    team = models.ForeignKey("accounts.Team", models.CASCADE, related_name="+", db_index=False)
    embedder = models.CharField(max_length=60)
    accept_from = models.FloatField(null=True)
    review_from = models.FloatField(null=True)
    """None: the default of the embedder. A person's own threshold goes before."""

    class Meta:
        verbose_name_plural = "team thresholds"
        constraints = [models.UniqueConstraint(fields=["team", "embedder"], name="one_threshold_row_per_embedder")]

    def __str__(self) -> str:
        return f"{self.team_id}: {self.accept_from} {self.review_from}"


class LiveGuess(TeamOwned):
    """A tentative identity: whom a rough group of faces probably shows while the analysis runs. Gone at its end."""

    team_path = "person__team"
    analysis = models.ForeignKey("videos.Analysis", models.CASCADE, related_name="live_guesses", db_index=False)
    preliminary_group = models.PositiveIntegerField()
    person = models.ForeignKey("people.Person", models.CASCADE, related_name="+")
    likeness = models.FloatField()

    class Meta:
        verbose_name_plural = "live guesses"
        constraints = [
            models.UniqueConstraint(fields=["analysis", "preliminary_group"], name="one_live_guess_in_a_group")
        ]

    def __str__(self) -> str:
        return f"group {self.preliminary_group} is probably {self.person_id}"
