"""From clips to finished videos."""
