"""The calls, a class for each room of the suite."""
