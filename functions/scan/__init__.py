"""Scan: what a code on the shelf stands for, what it costs here and whether it may be sold."""
