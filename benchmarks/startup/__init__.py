"""How long a person waits for a command: from the start of the process to its end.

Each command runs in a process of its own, one after the other, round after round, so that a machine
that slows down slows all of them. The limit is the interpreter itself, which does nothing; what a
user would write instead reads every file with PyYAML and holds it to the schema with jsonschema.
"""
