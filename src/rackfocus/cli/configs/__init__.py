"""Which configuration a command has, and the help that is made of its comments."""
