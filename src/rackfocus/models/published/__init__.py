"""Networks of others with their published weights, adapted to the interfaces of this package."""
