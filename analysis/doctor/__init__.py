"""Examining the pictures of a dataset: what is blurred, dark, tiny, there twice, labelled wrongly or too rare."""
