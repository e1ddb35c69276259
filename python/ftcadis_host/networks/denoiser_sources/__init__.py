"""Where denoisers come from. A file here is a source, and has its `SOURCE`.

That is a function of (description, device, dtype) that makes a `Denoiser`, in its own number type and memory order if that is
cheaper. Raises SpecError and WeightsError.
"""
