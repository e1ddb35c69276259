"""Networks that map noisy images to clean ones in one pass, for pixels in [0, 1]."""
