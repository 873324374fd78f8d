"""The scheduler daemon: it wakes the steps that the store finds due, until it is told to stop."""
