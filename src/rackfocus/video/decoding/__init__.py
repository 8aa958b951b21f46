"""From packets to pictures: time stamps, damage, repeated and interlaced pictures."""
