"""Data sets and the loader that reads batches from them."""
