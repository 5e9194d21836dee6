"""The retail language: money, barcodes, labels and prices. Pure: standard library only, no I/O, no clock."""
