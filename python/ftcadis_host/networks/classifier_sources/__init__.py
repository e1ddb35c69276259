"""Sources of classifiers. Each file here is a source with its `SOURCE`, a `ClassifierSource`."""
