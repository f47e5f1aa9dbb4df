//! Nothing: the package is there for the sources of what it depends on.
