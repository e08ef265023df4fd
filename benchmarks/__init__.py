"""Measurements of what the product promises; nothing here is imported by it.

A benchmark is a module of this package with a function `main()` that reads its own command line and prints each figure
beside its target. Its docstring's first line is what the list shows: `python -m benchmarks` lists them, and
`python -m benchmarks NAME [options]` (or `python -m benchmarks.NAME`) runs one. What it cannot measure here, for want
of the shared data or of a program, it says in a line and leaves out. Modules without `main` are parts of others.
"""
