"""Training, evaluating and explaining classifiers of pictures and clips. Import its modules only where they run."""
