"""Figures of patterned films: dose, contrast, depth, overlay, and the prisms that an exposure leaves."""
