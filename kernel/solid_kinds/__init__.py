"""The solids on offer: one file for each family of shapes; the register stands in kernel/solids.py."""
