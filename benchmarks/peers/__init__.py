"""The methods that are compared, each through its own public interface, and where each runs.

Everything here but `methods` runs in the environment of a method, so it may import what is installed there, and nothing
of the rest of the benchmark.
"""
