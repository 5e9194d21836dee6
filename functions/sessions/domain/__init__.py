"""The rules of a visit, pure: how long it lasts, what its cart takes, how it goes to a till."""
