"""The only Lightning code: modules, data modules and callbacks."""
