"""What leaves the kernel: previews, geometry files, machine programs and the printer itself."""
