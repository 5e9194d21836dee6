"""The shopper's web app: a client of the public API that a mobile developer can read in an hour."""
