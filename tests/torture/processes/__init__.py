"""The real program as a process of its own: killed, started again, and judged by the gateway."""
