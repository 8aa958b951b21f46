"""Ray-traced clips: people who move and speak, and scripted focus events."""
