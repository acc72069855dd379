"""The processes on offer: one file each; the register stands in kernel/process.py."""
