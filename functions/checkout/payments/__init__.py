"""Paying: what this room asks of a payment provider, and the one provider there is."""
