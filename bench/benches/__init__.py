"""One module a benchmark: `measure(options)` gives its rows."""
