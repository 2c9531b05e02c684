//! The runtime API behind `stats socket`: no command is here yet. The checker accepts the keyword and
//! says that it is not executed.
