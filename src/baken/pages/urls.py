"""The addresses of the public pages."""

from __future__ import annotations

from django.urls import path

from baken.pages import views

urlpatterns = [
    path("", views.first_page),
    path("check/", views.check, name="check"),
    path("answer/<str:secret>/", views.answer, name="answer"),
    path("robots.txt", views.robots),
]
handler400 = "baken.pages.views.bad_request"
handler404 = "baken.pages.views.not_found"
handler500 = "baken.pages.views.failed"
