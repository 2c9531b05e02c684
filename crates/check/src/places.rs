//! Where an expression is evaluated: the manual's 22 contexts, as bits in [`Contexts`]' order.

use ir::spec::{Contexts, RuleSet};

/// A place in a configuration that evaluates expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(pub u32);

impl Place {
    pub const FE_CON_ACC: Self = Self(1);
    pub const FE_SES_ACC: Self = Self(1 << 1);
    pub const FE_REQ_CNT: Self = Self(1 << 2);
    pub const FE_HRQ_HDR: Self = Self(1 << 3);
    pub const FE_SET_BCK: Self = Self(1 << 5);
    pub const BE_REQ_CNT: Self = Self(1 << 6);
    pub const BE_HRQ_HDR: Self = Self(1 << 7);
    pub const BE_SET_SRV: Self = Self(1 << 9);
    pub const BE_SRV_CON: Self = Self(1 << 10);
    pub const BE_RES_CNT: Self = Self(1 << 11);
    pub const BE_HRS_HDR: Self = Self(1 << 12);
    pub const BE_STO_RUL: Self = Self(1 << 14);
    pub const FE_RES_CNT: Self = Self(1 << 15);
    pub const FE_HRS_HDR: Self = Self(1 << 16);
    pub const FE_LOG_END: Self = Self(1 << 18);
    pub const BE_CHK_RUL: Self = Self(1 << 19);
    pub const CFG_PARSER: Self = Self(1 << 20);

    /// Of what is written in no place that HAProxy looks at.
    pub const ANY: Self = Self(u32::MAX);

    const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether something valid in `contexts` has a value here.
    pub const fn allows(self, contexts: Contexts) -> bool {
        self.0 & contexts.0 != 0
    }

    /// Where the rules of a set run, in a proxy with the given sides.
    pub fn of_rules(set: RuleSet, frontend: bool, backend: bool) -> Self {
        let side = |fe: Self, be: Self| match (frontend, backend) {
            (true, false) => fe,
            (false, true) => be,
            _ => fe.or(be),
        };
        match set {
            RuleSet::QuicInitial | RuleSet::TcpConnection => Self::FE_CON_ACC,
            RuleSet::TcpSession => Self::FE_SES_ACC,
            RuleSet::TcpContent => side(Self::FE_REQ_CNT, Self::BE_REQ_CNT),
            RuleSet::HttpRequest => side(Self::FE_HRQ_HDR, Self::BE_HRQ_HDR),
            RuleSet::TcpResponse => side(Self::FE_RES_CNT, Self::BE_RES_CNT),
            RuleSet::HttpResponse | RuleSet::HttpAfterResponse => side(Self::FE_HRS_HDR, Self::BE_HRS_HDR),
        }
    }

    /// The one place that HAProxy looks at for the values of counters.
    pub fn of_one_side(set: RuleSet) -> Self {
        let is_response =
            matches!(set, RuleSet::TcpResponse | RuleSet::HttpResponse | RuleSet::HttpAfterResponse);
        Self::of_rules(set, !is_response, is_response)
    }

    /// The name HAProxy's messages give the place.
    pub fn name(self) -> &'static str {
        const NAMES: [(Place, &str); 16] = [
            (Place::FE_CON_ACC, "frontend tcp-request connection rule"),
            (Place::FE_SES_ACC, "frontend tcp-request session rule"),
            (Place::FE_REQ_CNT, "frontend tcp-request content rule"),
            (Place::FE_HRQ_HDR, "frontend http-request header rule"),
            (Place::FE_SET_BCK, "frontend use-backend rule"),
            (Place::BE_REQ_CNT, "backend tcp-request content rule"),
            (Place::BE_HRQ_HDR, "backend http-request header rule"),
            (Place::BE_SET_SRV, "backend use-server, balance or stick-match rule"),
            (Place::BE_SRV_CON, "server source selection"),
            (Place::BE_RES_CNT, "backend tcp-response content rule"),
            (Place::BE_HRS_HDR, "backend http-response header rule"),
            (Place::BE_STO_RUL, "backend stick-store rule"),
            (Place::FE_RES_CNT, "frontend tcp-response content rule"),
            (Place::FE_HRS_HDR, "frontend http-response header rule"),
            (Place::FE_LOG_END, "logs"),
            (Place::BE_CHK_RUL, "backend tcp-check rule"),
        ];
        NAMES.iter().find(|(place, _)| self.0 & place.0 != 0).map_or("", |(_, name)| name)
    }
}
