"""The rules of imports, pure: what a file's row means, what is wrong with it, and what it would change."""
