"""A gateway that does everything but what its document says, and what the program makes of it.

``submissions`` and ``queries`` are the tables: what a peer on loopback does, and how it has to end,
in the words of ``cases``. ``stage`` builds the peers and ``scripts`` says what they do; ``plays``
drives the real program against them, ``page`` writes the tables down for people. ``errors`` and
``walk`` are about what no peer can do: every exception, raised at every call into a library.
"""
