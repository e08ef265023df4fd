"""The sample dataset, for people who want to see a model learn before they collect anything."""

from django.db import transaction
from django.utils.translation import gettext as _

from webapp.accounts.models import Team, User
from webapp.datasets import services
from webapp.datasets.importing import services as importing_services
from webapp.datasets.importing.option_types import ImportOptions
from webapp.datasets.models import Dataset, DatasetKind, Source


def begin_sample_dataset(*, team: Team, user: User) -> Dataset:
    """Returns the team's sample dataset; creates it where there is none, for a worker to fill."""
    there = Dataset.objects.filter(team=team, deleted_at=None, imports__source=Source.SYNTHETIC).first()
    if there is not None:
        return there
    from analysis.samples.drawings import DRAWINGS  # deferred: loads cv2

    with transaction.atomic():
        dataset = services.create_dataset(
            team=team,
            user=user,
            name=_("Sample: who is smiling?"),
            purpose=_(
                "Painted faces for trying things out. Some are blurred, too dark, duplicated or wrongly labelled on "
                "purpose. The doctor finds most of them."
            ),
            kind=DatasetKind.FRAMES,
            labels=[_("smiling"), _("not smiling")],
            keeps_samples=True,
        )
        options = ImportOptions(expected=DRAWINGS)
        importing_services.begin(
            dataset=dataset, user=user, source=Source.SYNTHETIC, options=options, title=_("Painted faces")
        )
    return dataset
