"""A sender whose clock is set, stands still or is wrong, with the true time known."""
