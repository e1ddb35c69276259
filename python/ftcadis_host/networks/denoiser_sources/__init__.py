"""Sources of denoisers. Each file here is a source with its `SOURCE`.

It is a function of (description, device, dtype) that makes a `Denoiser`, in its own number type and memory format if that
is cheaper. Raises SpecError and WeightsError.
"""
