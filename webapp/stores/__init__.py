"""Where stored media lies: a folder, or a bucket of S3-compatible storage. `webapp.storage` alone uses this package."""
