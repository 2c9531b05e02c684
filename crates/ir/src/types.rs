//! The types of samples, as the manual's section 7 names them, and which cast leads where.

/// The type of a sample (manual, section 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SampleType {
    /// Any type: only a converter's declared input can be this.
    Any,
    /// The type of its input: only a converter's output can be this.
    Same,
    Bool,
    Sint,
    /// IPv4 or IPv6, known when it is fetched.
    Addr,
    Ipv4,
    Ipv6,
    Str,
    Bin,
    Meth,
}

impl SampleType {
    /// The name that `-dKall` and error messages print.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Same => "same",
            Self::Bool => "bool",
            Self::Sint => "sint",
            Self::Addr => "addr",
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
            Self::Str => "str",
            Self::Bin => "bin",
            Self::Meth => "meth",
        }
    }

    /// Whether a sample of this type may be handed to something that wants `to` (manual, 7.1:
    /// the implicit casts). Some of them can still fail on a value, as `str` to `sint`.
    pub const fn casts_to(self, to: Self) -> bool {
        use SampleType::*;
        matches!(
            (self, to),
            (Any | Same, _)
                | (_, Any | Same)
                | (Bool, Bool | Sint | Str | Bin)
                | (Sint, Bool | Sint | Addr | Ipv4 | Ipv6 | Str | Bin)
                | (Addr, Addr | Ipv4 | Ipv6 | Str | Bin)
                | (Ipv4, Addr | Ipv4 | Ipv6 | Sint | Str | Bin)
                | (Ipv6, Addr | Ipv4 | Ipv6 | Str | Bin)
                | (Str, Bool | Sint | Addr | Ipv4 | Ipv6 | Str | Bin | Meth)
                | (Bin | Meth, Str | Bin | Meth)
        )
    }
}
