"""Mutation of the rules: written by another helper since 02:50; the benchmark helper leaves it to him."""
