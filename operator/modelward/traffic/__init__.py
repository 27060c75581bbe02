"""Weights to pods and selectors. Pure: no clock, no I/O.

Today users' requests are split by replica counts (`split`), with the root Service's selector as the
switch (`switch`). A Gateway API mode gets a module beside these.
"""
