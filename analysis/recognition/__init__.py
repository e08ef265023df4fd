"""Trained models at work on a whole video: what they say at single places, and the stretches that follow from it."""
