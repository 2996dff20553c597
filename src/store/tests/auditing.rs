//! That every change to a journal is found.
