"""Exports: what members take away from videos. Lists of appearances at once, clips, reels and copies as jobs."""
