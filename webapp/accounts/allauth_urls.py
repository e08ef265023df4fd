"""Our addresses under the names by which django-allauth looks for them; nothing of its own is reachable."""

from django.urls import path

from webapp.accounts import views
from webapp.accounts.oidc import views as oidc_views
from webapp.accounts.second_factor import sign_in_views

urlpatterns = [
    path("sign-in/", views.sign_in, name="account_login"),
    path("sign-in/second-step/", sign_in_views.second_step, name="mfa_authenticate"),
    path("sign-in/with/<slug:provider_id>/", oidc_views.from_provider, name="openid_connect_callback"),
]
