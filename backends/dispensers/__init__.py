"""Pressure boxes: one file each, one line here each."""
