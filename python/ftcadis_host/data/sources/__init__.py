"""Where data sets come from. A file here is a source, and has its `SOURCE`, a `DatasetSource`."""
