"""The freeform paths on offer: one file each; the register stands in kernel/paths.py."""
