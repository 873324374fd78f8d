"""A large campaign file, read strictly with the place of everything, beside libyaml alone."""
