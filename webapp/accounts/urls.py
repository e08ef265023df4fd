"""Addresses of accounts."""

from django.urls import path

from webapp.accounts import views

app_name = "accounts"
urlpatterns = [
    path("sign-in/", views.sign_in, name="login"),
    path("sign-out/", views.sign_out, name="logout"),
    path("welcome/<str:token>/", views.first_owner, name="first_owner"),
]
