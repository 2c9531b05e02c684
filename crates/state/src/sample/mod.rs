//! Samples: what an expression gives. A value borrows from the message, the configuration or
//! the stream's arena, so that evaluating allocates nothing.

mod cast;
pub mod text;

use std::any::Any;
use std::net::{Ipv4Addr, Ipv6Addr};

pub use cast::{leading_number, v6_to_v4};
use ir::config::Config;
use ir::types::SampleType;

use crate::stream::Stream;

/// The value of a sample (manual, section 7.1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    Bool(bool),
    Sint(i64),
    Ipv4(Ipv4Addr),
    Ipv6(Ipv6Addr),
    Str(&'a [u8]),
    Bin(&'a [u8]),
    Meth(&'a [u8]),
}

/// Why there is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// There is none and there will be none.
    Absent,
    /// The data it depends on has not come yet (`SMP_MAY_CHANGE` in HAProxy's words).
    NotYet,
}

/// What a fetch gives.
pub type Fetched<'a> = Result<Value<'a>, Missing>;

/// A sample fetch: the stream, the checked arguments, and where an iteration stands.
pub type FetchFn = for<'a> fn(&'a Stream, &'a [Arg], &mut Cursor) -> Fetched<'a>;

/// A converter. `None`: the expression has no value.
pub type ConverterFn = for<'a> fn(&'a Stream, &'a [Arg], Value<'a>) -> Option<Value<'a>>;

/// What a converter makes of its checked arguments when the plan is built, so that no request has to
/// parse them: it may put an [`Arg::Prepared`] in the place of an argument.
///
/// # Errors
/// A message for the operator.
pub type Prepare = fn(&Config, &mut [Arg]) -> Result<(), String>;

/// Where a fetch that gives a set of samples stands, as `hdr()` over all values of a name. It
/// starts as the default; a fetch that can give another value sets `more` and keeps its place
/// in `at`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cursor {
    /// All samples are wanted, one after the other. Otherwise a fetch gives the one that it
    /// gives alone, as `hdr()` the last one.
    pub iterate: bool,
    pub more: bool,
    pub at: usize,
    /// The value that was given may still change while data comes, as `req.len`: a condition
    /// that it does not meet waits.
    pub may_change: bool,
}

/// A checked argument in its runnable form.
#[derive(Debug)]
pub enum Arg {
    /// Left out.
    Stop,
    Sint(i64),
    Str(Box<[u8]>),
    Ipv4(Ipv4Addr),
    Ipv6(Ipv6Addr),
    Mask4(Ipv4Addr),
    Mask6(Ipv6Addr),
    /// Milliseconds.
    Time(i64),
    /// Bytes.
    Size(i64),
    Proxy(ir::id::ProxyId),
    Server(ir::id::ProxyId, ir::id::ServerId),
    Table(ir::id::TableId),
    Userlist(ir::id::UserlistId),
    Var(ir::expr::Var),
    Regex(crate::plan::Regex),
    Map(Box<crate::plan::Map>),
    /// An ACL that an argument names, and whether it is negated.
    Acl(std::sync::Arc<crate::plan::Acl>, bool),
    /// Whatever the row made of the argument: see [`Prepare`].
    Prepared(Box<dyn Any + Send + Sync>),
}

impl<'a> Value<'a> {
    pub const fn kind(self) -> SampleType {
        match self {
            Self::Bool(_) => SampleType::Bool,
            Self::Sint(_) => SampleType::Sint,
            Self::Ipv4(_) => SampleType::Ipv4,
            Self::Ipv6(_) => SampleType::Ipv6,
            Self::Str(_) => SampleType::Str,
            Self::Bin(_) => SampleType::Bin,
            Self::Meth(_) => SampleType::Meth,
        }
    }
}

/// A value that owns its bytes, as variables and Lua keep it.
#[derive(Clone, Debug, PartialEq)]
pub enum OwnedValue {
    Bool(bool),
    Sint(i64),
    Ipv4(Ipv4Addr),
    Ipv6(Ipv6Addr),
    Str(Vec<u8>),
    Bin(Vec<u8>),
    Meth(Vec<u8>),
}

impl From<Value<'_>> for OwnedValue {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Bool(x) => Self::Bool(x),
            Value::Sint(x) => Self::Sint(x),
            Value::Ipv4(x) => Self::Ipv4(x),
            Value::Ipv6(x) => Self::Ipv6(x),
            Value::Str(x) => Self::Str(x.to_vec()),
            Value::Bin(x) => Self::Bin(x.to_vec()),
            Value::Meth(x) => Self::Meth(x.to_vec()),
        }
    }
}

impl OwnedValue {
    /// The value in a form that borrows from this one.
    pub fn as_value(&self) -> Value<'_> {
        match self {
            Self::Bool(x) => Value::Bool(*x),
            Self::Sint(x) => Value::Sint(*x),
            Self::Ipv4(x) => Value::Ipv4(*x),
            Self::Ipv6(x) => Value::Ipv6(*x),
            Self::Str(x) => Value::Str(x),
            Self::Bin(x) => Value::Bin(x),
            Self::Meth(x) => Value::Meth(x),
        }
    }
}
