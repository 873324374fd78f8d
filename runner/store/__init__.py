"""What the program knows, durably: one SQLite file, readable with ``sqlite3 state.db``.

``database`` opens it and gives transactions; every other module holds the named statements and the
steps of one subject and takes a transaction as its first argument. One writer at a time, and
nothing is told to anybody before it is durable (WAL, ``synchronous=FULL``).
"""
