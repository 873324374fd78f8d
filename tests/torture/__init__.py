"""The proofs that take too long for every change: `make torture` runs them and prints a table.

A proof is a module of this package that ``__main__`` knows by its name, with one function:

    def prove(orders: Orders) -> Iterable[Row]

It runs the real program, or parts of it, against a gateway that remembers, and says in each row
what it did and which promises were broken. What it keeps of a broken one stays in
``orders.folder``.
"""
