"""Pictures of every page for the README: `make screenshots`. A module here with `tell(studio)` tells a face's story."""
