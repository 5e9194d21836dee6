"""Where files come from and where they are kept: the bucket, the pulls, the ERP adapters, and the secrets they need."""
