"""The way out: passes are checked and used once, and staff may let somebody out who has paid."""
