"""The rules of notices: what a fact tells a shopper, when it may be pushed, and to whom. No I/O, no clock."""
