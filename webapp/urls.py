"""Addresses of all pages."""

from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.generic import RedirectView

from webapp.deleted_views import recently_deleted
from webapp.help_views import help_page
from webapp.jobs import health_views
from webapp.operation.metrics_views import metrics

handler404 = "webapp.http.error_views.page_not_found"
handler500 = "webapp.http.error_views.unforeseen"

urlpatterns = [
    path("", login_not_required(RedirectView.as_view(pattern_name="videos:library"))),
    path("healthz", health_views.healthz, name="healthz"),
    path("health/live", health_views.live, name="health_live"),
    path("health/ready", health_views.ready, name="health_ready"),
    path("metrics", metrics, name="metrics"),
    path("help/", help_page, name="help"),
    path("deleted/", recently_deleted, name="deleted"),
    path("", include("webapp.accounts.urls")),
    path("", include("webapp.accounts.allauth_urls")),
    path("audit/", include("webapp.audit.urls")),
    path("jobs/", include("webapp.jobs.urls")),
    path("search/", include("webapp.library.search.urls")),
    path("exports/", include("webapp.exports.urls")),
    path("sharing/", include("webapp.sharing.urls")),
    path("s/", include("webapp.sharing.public_urls")),
    path("api/", include("webapp.api.urls")),
    path("videos/", include("webapp.library.urls")),
    path("people/", include("webapp.people.urls")),
    path("datasets/", include("webapp.datasets.urls")),
    path("training/", include("webapp.training.urls")),
    path("recognition/", include("webapp.recognition.urls")),
]
