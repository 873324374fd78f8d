"""The values that flow through the program: frozen, slotted, keyword-only, and without I/O.

Each module holds the nouns of one subject: a campaign, an account, a diagnostic, an outcome.
"""
