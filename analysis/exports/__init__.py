"""What is taken away from a video: copies with people hidden, reels, appearances as text."""
