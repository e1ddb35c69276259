"""Data sets, and the loader for their batches."""
