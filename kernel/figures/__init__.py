"""What `measure` counts with: rods that cross, run side by side, bend and end, and the network they make."""
