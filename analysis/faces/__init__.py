"""Faces in pictures: detect, align, judge, embed, group."""
