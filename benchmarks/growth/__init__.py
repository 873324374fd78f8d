"""How time and memory grow with the work at hand, and with what is finished."""
