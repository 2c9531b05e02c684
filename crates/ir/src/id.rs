//! Ids: indexes into the tables of the configuration and of the registry.

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);

        impl $name {
            /// The id as an index.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// Index into [`crate::config::Config::proxies`].
    ProxyId,
    /// Index into [`crate::config::Proxy::servers`] of the proxy at hand.
    ServerId,
    /// Index into [`crate::config::Proxy::binds`] of the proxy at hand.
    BindId,
    /// Index into [`crate::config::Proxy::acls`] of the proxy at hand.
    AclId,
    /// Index into [`crate::config::Config::userlists`].
    UserlistId,
    /// Index into [`crate::config::Config::variables`], the table of all variable names.
    VarId,
    /// Index into the registry's table of sample fetches.
    FetchId,
    /// Index into the registry's table of converters.
    ConverterId,
    /// Index into the registry's table of actions.
    ActionId,
    /// Index into the table of services (`lua.…` and built-in ones).
    ServiceId,
    /// Index into [`crate::config::Config::stick_tables`].
    TableId,
    /// Index into [`crate::config::Config::pattern_lists`].
    PatternListId,
    /// Index into [`crate::config::Config::log_profiles`].
    LogProfileId,
}
