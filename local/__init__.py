"""The whole suite on one machine: real databases, local Google APIs, every door, one gateway."""
