"""How fast, how large and how good renderers are: `rackfocus benchmark renderer`."""
