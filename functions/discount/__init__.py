"""Discounts: the promotions of a tenant, as rules that are edited, versioned and tried out."""
