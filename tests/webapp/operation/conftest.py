"""An installation with a file of every kind."""

import pytest

from tests.webapp.operation.everything import Everything, make_everything
from webapp.accounts.models import Team


@pytest.fixture
def everything(db: None, team: Team) -> Everything:
    return make_everything(team)
