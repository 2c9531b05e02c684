//! Health checks, peers, resolvers, the statistics page, Prometheus, cache, compression, SPOE,
//! mailers and rings: none of them is here yet. The checker accepts their keywords and says that they
//! are not executed.
