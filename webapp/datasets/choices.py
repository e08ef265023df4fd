"""Values that columns of datasets may hold, with the words that pages show for them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class DatasetKind(models.TextChoices):
    """What one sample of a dataset is."""

    FACES = "faces", _("Faces")
    FRAMES = "frames", _("Pictures")
    CLIPS = "clips", _("Short clips")


class Source(models.TextChoices):
    """Where an import takes its samples from."""

    PEOPLE = "people", _("People in videos")
    FRAMES = "frames", _("Frames from videos")
    MOMENTS = "moments", _("Clips from videos")
    PICTURES = "pictures", _("Uploaded pictures")
    ARCHIVE = "archive", _("ZIP file")
    VIDEOS = "films", _("Uploaded videos")
    SYNTHETIC = "drawn", _("Sample pictures")


UPLOADED = (Source.PICTURES, Source.ARCHIVE, Source.VIDEOS)
"""Whose files a browser sends."""


class Outcome(models.TextChoices):
    """What became of one item of an import."""

    ADDED = "added", _("Added")
    ALREADY_THERE = "already_there", _("Already there")
    TOO_SMALL = "too_small", _("Too small")
    TOO_LARGE = "too_large", _("Too large")
    UNREADABLE = "unreadable", _("Unreadable")
    NOT_A_SAMPLE = "not_a_sample", _("Not a picture or clip")


class ActKind(models.TextChoices):
    """What somebody did with samples."""

    LABEL = "label", _("Labelled")
    LEAVE_OUT = "leave_out", _("Left out")
    TAKE_IN = "take_in", _("Included again")


class FindingKind(models.TextChoices):
    """What the doctor looks for."""

    BLURRED = "blurred", _("Blurred")
    DARK = "dark", _("Too dark or too bright")
    TINY = "tiny", _("Too small")
    DUPLICATES = "duplicates", _("Duplicates")
    UNBALANCED = "unbalanced", _("Unbalanced labels")
    THIN = "thin", _("Too few samples")
    WRONG_LABEL = "wrong_label", _("Probably wrong labels")
    MIXED = "mixed", _("Mixed-up people")


class Part(models.TextChoices):
    """What a frozen sample is for."""

    TRAIN = "train", _("Training")
    VALIDATION = "validation", _("Validation")
    TEST = "test", _("Test")


class GroupBy(models.TextChoices):
    """What a split keeps in one part."""

    SOURCE = "source", _("Same source")
    PERSON = "person", _("Same person")
    BOTH = "both", _("Same source or person")
