"""Addresses for signing in and for accounts."""

from django.urls import path

from unstuck.clinic.people import photo_views, second_views, views
from unstuck.clinic.people.access import is_anyone, open_to_all, require

app_name = "people"

_before = open_to_all("comes before signing in; a random, expiring link or a password protects what follows")
_password_given = open_to_all("works only in a session in which a password was given minutes ago, or signed in")

urlpatterns = [
    path("sign-in/", _before(views.SignIn.as_view()), name="sign_in"),
    path("sign-in/code/", _password_given(second_views.code), name="code"),
    path("second-factor/", _password_given(second_views.enrol), name="second_factor"),
    path("sign-out/", require(is_anyone)(views.SignOut.as_view()), name="sign_out"),
    path("typing/", views.typing, name="typing"),
    path("password/", _before(views.ForgottenPassword.as_view()), name="password_forgotten"),
    path("password/sent/", _before(views.PasswordSent.as_view()), name="password_sent"),
    path("password/<uidb64>/<token>/", _before(views.NewPassword.as_view()), name="password_new"),
    path("password/set/", _before(views.PasswordSet.as_view()), name="password_set"),
    path("<str:key>/photo/", photo_views.photo, name="photo"),
    path("<str:key>/photo/change/", photo_views.change, name="photo_change"),
    path("accounts/", views.accounts, name="accounts"),
    path("accounts/<int:account_id>/leaver/", views.leaver, name="leaver"),
    path("accounts/<int:account_id>/roles/", views.roles, name="roles"),
    path("accounts/<int:account_id>/password/", views.password_link, name="password_link"),
    path("accounts/<int:account_id>/second-factor/", views.forget_second_factor, name="forget_second_factor"),
]
