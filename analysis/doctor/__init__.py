"""Checks the pictures of a dataset: blurred, dark or tiny ones, duplicates, wrong or rare labels, mixed identities."""
