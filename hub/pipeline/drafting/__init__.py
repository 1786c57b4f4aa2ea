"""A first department folder, written from what a source offers and what a sample of it says. Nothing is decided for
anybody: what a person must decide stands there as 待定, and `hub check` lists it.
"""
