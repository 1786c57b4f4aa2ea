"""The generator of a realistic county with known defects: the proof that the hub finds what is there."""
