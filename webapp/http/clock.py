"""Positions and lengths as on a player, the same on every page and in every sentence."""


def clock(seconds: float | None) -> str:
    """Returns "0:48", "12:40", "1:02:14"; begun seconds do not count, as players count."""
    whole = int(seconds or 0)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
