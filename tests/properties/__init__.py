"""Laws that hold for every history, and a second implementation of the rules that must agree with the engine."""
