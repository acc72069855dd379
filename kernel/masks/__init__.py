"""The masks on offer: one file for each family of regions; the register stands in kernel/mask.py."""
