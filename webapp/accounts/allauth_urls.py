"""Our addresses under the names by which django-allauth looks for them; nothing of its own is reachable."""

from django.urls import path

from webapp.accounts import views

urlpatterns = [
    path("sign-in/", views.sign_in, name="account_login"),
]
