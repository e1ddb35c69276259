"""Denoisers and classifiers: loading, saving, LoRA, memory."""
