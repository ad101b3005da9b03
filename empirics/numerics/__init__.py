"""Numbers that can be trusted: checks, constants with sides, outward rounding, draws, devices, spectra, threads."""
