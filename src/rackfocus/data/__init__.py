"""Data sets, in folders by the purpose of a sample; at the top level is what several of them share."""
