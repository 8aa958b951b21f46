"""Data sets, in folders by what a sample is for; here is what several of them share."""
