"""Sources of data sets. Each file here is a source with its `SOURCE`, a `DatasetSource`."""
