//! The grammar of what miners commit.
