"""Sharing: links that show people without an account a video, a moment or an export, and nothing else."""
