"""A hostile peer that repeats what it is sent, and the search for secrets in all that is left."""
