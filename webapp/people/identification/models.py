"""Thresholds that a team has set for everybody."""

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
