"""Template tags of Rollcall."""

from django import template

register = template.Library()
