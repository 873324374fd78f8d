"""What a disk may hold after a loss of power, from a recording of all that a process wrote."""
