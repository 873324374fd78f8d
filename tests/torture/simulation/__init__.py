"""The program on simulated days, in one process: a clock, a network and people of its own."""
