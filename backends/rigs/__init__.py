"""Rigs: the files that describe printers, found, made, told to editors, tried at the machine and emulated."""
