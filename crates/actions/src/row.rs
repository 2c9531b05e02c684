//! The row of this crate's tables: what the registry says of an action, and its function.

use ir::spec::{ActionArg, ActionOption, ActionSpec, RuleSet, Support};
use ir::types::SampleType;
use state::plan::{ActionFn, ActionValue, Args, Outcome};
use state::{Stream, Value};

/// An action.
#[derive(Clone, Copy)]
pub struct Action {
    pub spec: ActionSpec,
    pub run: ActionFn,
}

impl Action {
    pub const fn new(
        name: &'static str,
        sets: u16,
        args: &'static [ActionArg],
        doc: &'static str,
        run: ActionFn,
    ) -> Self {
        let support = Support::Full;
        let (paren, options, is_final, unlisted) = (None, &[], false, 0);
        let spec = ActionSpec { name, doc, sets, paren, args, options, is_final, unlisted, support };
        Self { spec, run }
    }

    /// An action that is accepted and checked, and does nothing yet.
    pub const fn parsed(
        name: &'static str,
        sets: u16,
        args: &'static [ActionArg],
        doc: &'static str,
    ) -> Self {
        let mut row = Self::new(name, sets, args, doc, |_, _| Outcome::Continue);
        row.spec.support = Support::Parsed;
        row
    }

    /// What stands in parentheses behind the name.
    pub const fn paren(mut self, kind: ActionArg) -> Self {
        self.spec.paren = Some(kind);
        self
    }

    pub const fn options(mut self, options: &'static [ActionOption]) -> Self {
        self.spec.options = options;
        self
    }

    /// The rule sets in which `-dK` leaves it out.
    pub const fn unlisted(mut self, sets: u16) -> Self {
        self.spec.unlisted = sets;
        self
    }

    /// The rule list ends where this action runs.
    pub const fn last(mut self) -> Self {
        self.spec.is_final = true;
        self
    }
}

/// The number that an argument is or gives; nothing where an expression gives none.
pub fn number(stream: &Stream, args: &Args, index: usize) -> Option<i64> {
    match args.values.get(index)? {
        ActionValue::Int(number) | ActionValue::Time(number) => Some(*number),
        ActionValue::Expr(expr) => match expr.eval(stream).ok()?.cast(SampleType::Sint, &stream.arena)? {
            Value::Sint(number) => Some(number),
            _ => None,
        },
        _ => None,
    }
}

/// The bits of the rule sets, shorter, for the tables.
pub mod sets {
    use super::RuleSet;

    pub const QUIC: u16 = RuleSet::QuicInitial.bit();
    pub const CONNECTION: u16 = RuleSet::TcpConnection.bit();
    pub const SESSION: u16 = RuleSet::TcpSession.bit();
    pub const CONTENT: u16 = RuleSet::TcpContent.bit();
    pub const TCP_RESPONSE: u16 = RuleSet::TcpResponse.bit();
    pub const REQUEST: u16 = RuleSet::HttpRequest.bit();
    pub const RESPONSE: u16 = RuleSet::HttpResponse.bit();
    pub const AFTER: u16 = RuleSet::HttpAfterResponse.bit();

    /// The three of the client's connection before HTTP.
    pub const TCP_REQUEST: u16 = CONNECTION | SESSION | CONTENT;
    pub const TCP: u16 = TCP_REQUEST | TCP_RESPONSE;
    pub const HTTP: u16 = REQUEST | RESPONSE | AFTER;
    /// All but QUIC's.
    pub const ALL: u16 = TCP | HTTP;
}
