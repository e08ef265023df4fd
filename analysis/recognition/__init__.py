"""Deployed models on whole videos: predictions for windows, and the labelled spans that follow from them."""
