"""An account in memory that loses answers, with the truth known: what evidence makes of it."""
