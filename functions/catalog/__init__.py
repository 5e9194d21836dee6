"""The catalogue: stores, brands, modules and the products of every store."""
