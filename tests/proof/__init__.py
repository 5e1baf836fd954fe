"""Proof that tests see what they are there for: each rule and each control is taken away, and its test must fail."""
