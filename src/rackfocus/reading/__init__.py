"""Reads files of any origin: what they may claim is bounded, and damage is told in one sentence."""
