"""The catalogues of messages: what the program says, found in its sources, and each translation.

`make translations` adds what is new, takes out what is gone, and compiles what gettext reads; what
is not translated yet is empty in the `.po` file, where a person fills it in.
"""
