"""`make soak`: one daemon that lives long, with everything around it that a year may bring.

life        the whole: daemons in turn, a gateway that goes wrong, a supervisor; then the verdict
author      writes, edits, loses and breaks the files, and remembers each version
supervisor  whoever is beside the daemon: pauses, reads, reloads, tops up, resolves
weather     what is wrong with the gateway now
keeper      starts the daemons, ends them, and knows what the killed ones left
gauge       what a daemon takes and what its state weighs, every few seconds
flat        what may not grow, as rules that can fail
"""
