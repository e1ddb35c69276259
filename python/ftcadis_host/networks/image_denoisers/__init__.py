"""Networks that make a clean image of a noisy one in one pass, for pixels in [0, 1]."""
