"""How many colours tell people, labels and accounts apart: as many as static/css/tokens.css has."""

HUES = 12
