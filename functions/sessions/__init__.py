"""Check-in: who is shopping in which store, and the token that proves it."""
