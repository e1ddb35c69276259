"""Identifies a user's files and folders: class folders, weights of a classifier, a denoiser, adapters."""
