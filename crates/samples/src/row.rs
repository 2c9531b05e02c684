//! The rows of this crate's tables: what the registry says, the function, and examples that
//! one test runs.

use ir::checks::ArgsCheck;
use ir::expr::MatchMethod;
use ir::sources::Sources;
use ir::spec::{ArgList, ArgType, Contexts, ConverterSpec, FetchSpec, Support};
use ir::types::SampleType;
use state::sample::{ConverterFn, FetchFn, Prepare};
use state::{Missing, Needs};

/// An input, the arguments as they are written, and the answer as text; `None`: no value.
///
/// The input of a fetch is a request, and behind a line `---` a response; that of a converter
/// is the text of its value.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    pub input: &'static str,
    pub args: &'static [&'static str],
    pub answer: Option<&'static str>,
    /// The input is written in hexadecimal.
    pub is_hex: bool,
}

impl Example {
    pub const fn new(input: &'static str, args: &'static [&'static str], answer: &'static str) -> Self {
        Self { input, args, answer: Some(answer), is_hex: false }
    }

    /// The same of bytes, which are written in hexadecimal. An answer that is no text is shown in
    /// hexadecimal as well.
    pub const fn hex(input: &'static str, args: &'static [&'static str], answer: &'static str) -> Self {
        Self { input, args, answer: Some(answer), is_hex: true }
    }

    pub const fn hex_none(input: &'static str, args: &'static [&'static str]) -> Self {
        Self { input, args, answer: None, is_hex: true }
    }

    /// An input for which there is no value.
    pub const fn none(input: &'static str, args: &'static [&'static str]) -> Self {
        Self { input, args, answer: None, is_hex: false }
    }
}

/// A sample fetch.
#[derive(Clone, Copy)]
pub struct Fetch {
    pub spec: FetchSpec,
    pub run: FetchFn,
    /// What must be kept of connections for it.
    pub needs: Needs,
    pub examples: &'static [Example],
}

impl Fetch {
    pub const fn new(
        name: &'static str,
        out: SampleType,
        uses: Sources,
        doc: &'static str,
        run: FetchFn,
    ) -> Self {
        let contexts = uses.contexts();
        let spec = FetchSpec {
            name,
            doc,
            args: ArgList::NONE,
            out,
            uses,
            contexts,
            check: None,
            support: Support::Full,
        };
        Self { spec, run, needs: Needs::NONE, examples: &[] }
    }

    /// A fetch that is accepted but has no value yet.
    pub const fn parsed(name: &'static str, out: SampleType, uses: Sources, doc: &'static str) -> Self {
        let mut row = Self::new(name, out, uses, doc, |_, _, _| Err(Missing::Absent));
        row.spec.support = Support::Parsed;
        row
    }

    pub const fn args(mut self, required: usize, types: &'static [ArgType]) -> Self {
        self.spec.args = ArgList::new(required, types);
        self
    }

    /// What else the values of the arguments must be.
    pub const fn check(mut self, check: ArgsCheck) -> Self {
        self.spec.check = Some(check);
        self
    }

    pub const fn needs(mut self, needs: Needs) -> Self {
        self.needs = needs;
        self
    }

    /// Valid elsewhere than where its sources are.
    pub const fn valid_in(mut self, contexts: Contexts) -> Self {
        self.spec.contexts = contexts;
        self
    }

    pub const fn examples(mut self, examples: &'static [Example]) -> Self {
        self.examples = examples;
        self
    }
}

/// A converter.
#[derive(Clone, Copy)]
pub struct Converter {
    pub spec: ConverterSpec,
    pub run: ConverterFn,
    pub prepare: Option<Prepare>,
    pub examples: &'static [Example],
}

impl Converter {
    pub const fn new(
        name: &'static str,
        input: SampleType,
        out: SampleType,
        doc: &'static str,
        run: ConverterFn,
    ) -> Self {
        let spec = ConverterSpec {
            name,
            doc,
            args: ArgList::NONE,
            input,
            out,
            check: None,
            map: None,
            support: Support::Full,
        };
        Self { spec, run, prepare: None, examples: &[] }
    }

    pub const fn args(mut self, required: usize, types: &'static [ArgType]) -> Self {
        self.spec.args = ArgList::new(required, types);
        self
    }

    /// What else the values of the arguments must be.
    pub const fn check(mut self, check: ArgsCheck) -> Self {
        self.spec.check = Some(check);
        self
    }

    /// What it makes of its arguments when the plan is built.
    pub const fn prepare(mut self, prepare: Prepare) -> Self {
        self.prepare = Some(prepare);
        self
    }

    /// The converter's first argument is a map whose keys are compared like this.
    pub const fn map(mut self, method: MatchMethod) -> Self {
        self.spec.map = Some(method);
        self
    }

    pub const fn examples(mut self, examples: &'static [Example]) -> Self {
        self.examples = examples;
        self
    }
}
