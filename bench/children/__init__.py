"""Programs that a benchmark runs beside itself: generators, publishers, probes. A JSON job in, a JSON answer out."""
