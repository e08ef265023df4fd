"""Detects, aligns, rates, embeds, tracks and groups faces."""
