"""Formats of layout files, one file each, and the table of writers; the register stands in backends/layout.py."""
