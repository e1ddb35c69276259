"""What files and folders of a user's turn out to be: class folders, weights of a classifier, a denoiser, adapters."""
