"""Where classifiers come from. A file here is a source, and has its `SOURCE`, a `ClassifierSource`."""
