"""Measurements of what the product promises; nothing here is imported by it.

A benchmark is a module of this package with a function `main()` that reads its own command line and prints each figure
beside its target. `python -m benchmarks` lists them by the first lines of their docstrings, and
`python -m benchmarks NAME [options]` (or `python -m benchmarks.NAME`) runs one. What cannot be measured, because the
shared data or a program is missing, is skipped with a message. Modules without `main` are parts of others.
"""
