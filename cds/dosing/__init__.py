"""The pure dosing core: standard library only, no clock, no input or output."""
