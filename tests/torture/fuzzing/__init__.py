"""What the proof `fuzz` is made of: the targets, and the process in which one of them is fuzzed."""
