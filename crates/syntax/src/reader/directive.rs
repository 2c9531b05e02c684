//! Lines that start with a dot: conditional blocks and messages (manual, 2.4).

use diag::{Diagnostic, Place, Span};

use super::{ABORT, Reader, Source, excerpt};
use crate::lex::Piece;
use crate::{Host, conditional};

/// HAProxy refuses the hundredth level.
const MAX_BLOCKS: usize = 100;

/// The state of one `.if` that is not closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Block {
    /// This branch is taken.
    Take,
    /// This branch is left; a later one may be taken.
    Drop,
    /// All that follow are left: a branch was taken, or the block stands in one that is left.
    Skip,
    ElseTake,
    ElseDrop,
}

impl Block {
    fn is_masked(self) -> bool {
        matches!(self, Block::Drop | Block::Skip | Block::ElseDrop)
    }

    fn is_else(self) -> bool {
        matches!(self, Block::ElseTake | Block::ElseDrop)
    }
}

/// What happens after a directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// The next line is read.
    Line,
    /// Reading ends, with the checks made at the end of a file.
    End,
    /// Reading ends at once.
    Abort,
}

/// The words of a directive.
struct Directive<'a> {
    source: &'a Source<'a>,
    name: String,
    args: &'a [Piece],
    span: Span,
}

impl Directive<'_> {
    /// The words after the name, rejoined by single spaces.
    fn condition(&self) -> Vec<u8> {
        let texts: Vec<&[u8]> = self.args.iter().map(|word| word.text.as_slice()).collect();
        texts.join(&b' ')
    }

    fn arg(&self, index: usize) -> Option<String> {
        let word = self.args.get(index).filter(|word| !word.text.is_empty())?;
        Some(String::from_utf8_lossy(&word.text).into_owned())
    }

    fn error(&self, message: String) -> Diagnostic {
        Diagnostic::error("directive", self.span, message).at(Place::ParsingTight)
    }

    fn unexpected(&self, arg: &str) -> String {
        format!("Unexpected argument '{arg}' for '{}'.", self.name)
    }
}

impl Reader<'_> {
    /// Whether an `.if` hides the current line.
    pub(super) fn is_masked(&self) -> bool {
        self.blocks.last().is_some_and(|block| block.is_masked())
    }

    /// Takes a line whose first word starts with a dot.
    pub(super) fn directive(
        &mut self,
        source: &Source<'_>,
        words: &[Piece],
        host: &dyn Host,
        diags: &mut Vec<Diagnostic>,
    ) -> After {
        let Some((first, args)) = words.split_first() else { return After::Line };
        let directive = Directive {
            source,
            name: String::from_utf8_lossy(&first.text).into_owned(),
            args,
            span: source.at.within(first.range.start, first.range.len()),
        };
        match first.text.as_slice() {
            b".if" => self.open_block(&directive, host, diags),
            b".elif" => self.next_branch(&directive, host, diags),
            b".else" => self.last_branch(&directive, diags),
            b".endif" => self.close_block(&directive, diags),
            _ if self.is_masked() => After::Line,
            b".alert" => message(&directive, diags, Level::Alert),
            b".warning" => message(&directive, diags, Level::Warning),
            b".notice" => message(&directive, diags, Level::Notice),
            b".diag" => message(&directive, diags, Level::Diag),
            _ => {
                let text = format!("unknown directive '{}'.", directive.name);
                let told = Diagnostic::error(UNKNOWN_DIRECTIVE, directive.span, text);
                diags.push(told.at(Place::ParsingTight));
                After::Line
            }
        }
    }

    fn open_block(
        &mut self,
        directive: &Directive<'_>,
        host: &dyn Host,
        diags: &mut Vec<Diagnostic>,
    ) -> After {
        if self.blocks.len() + 1 >= MAX_BLOCKS {
            return refuse(directive, diags, format!("too many nested '.if', max is {MAX_BLOCKS}."));
        }
        if self.is_masked() {
            self.blocks.push(Block::Skip);
            return After::Line;
        }
        match condition(directive, 76, host) {
            Ok(value) => self.blocks.push(if value { Block::Take } else { Block::Drop }),
            Err(error) => {
                diags.push(*error);
                return After::Abort;
            }
        }
        After::Line
    }

    fn next_branch(
        &mut self,
        directive: &Directive<'_>,
        host: &dyn Host,
        diags: &mut Vec<Diagnostic>,
    ) -> After {
        let Some(block) = self.blocks.last_mut() else {
            return refuse(directive, diags, "lone '.elif' with no matching '.if'.".to_owned());
        };
        match *block {
            Block::ElseTake | Block::ElseDrop => {
                refuse(directive, diags, "'.elif' after '.else' is not permitted.".to_owned())
            }
            Block::Take | Block::Skip => {
                *block = Block::Skip;
                After::Line
            }
            Block::Drop => match condition(directive, 74, host) {
                Ok(value) => {
                    *block = if value { Block::Take } else { Block::Drop };
                    After::Line
                }
                Err(error) => {
                    diags.push(*error);
                    After::Abort
                }
            },
        }
    }

    fn last_branch(&mut self, directive: &Directive<'_>, diags: &mut Vec<Diagnostic>) -> After {
        if let Some(arg) = directive.arg(0) {
            diags.push(directive.error(directive.unexpected(&arg)).with_effect(ABORT));
            return After::End;
        }
        let Some(block) = self.blocks.last_mut() else {
            return refuse(directive, diags, "lone '.else' with no matching '.if'.".to_owned());
        };
        if block.is_else() {
            let message = "'.else' after '.else' is not permitted.".to_owned();
            return refuse(directive, diags, message);
        }
        *block = if *block == Block::Drop { Block::ElseTake } else { Block::ElseDrop };
        After::Line
    }

    fn close_block(&mut self, directive: &Directive<'_>, diags: &mut Vec<Diagnostic>) -> After {
        let message = match directive.arg(0) {
            Some(arg) => directive.unexpected(&arg),
            None if self.blocks.pop().is_some() => return After::Line,
            None => "lone '.endif' with no matching '.if'.".to_owned(),
        };
        diags.push(directive.error(message).with_effect(ABORT));
        After::End
    }
}

fn refuse(directive: &Directive<'_>, diags: &mut Vec<Diagnostic>, message: String) -> After {
    diags.push(directive.error(message).with_effect(ABORT));
    After::Abort
}

fn condition(directive: &Directive<'_>, width: usize, host: &dyn Host) -> Result<bool, Box<Diagnostic>> {
    let text = directive.condition();
    conditional::evaluate(&text, host).map_err(|error| {
        let name = &directive.name;
        let message = format!("{} in '{name}' at position {}:", error.message, error.offset + 1);
        let span = match directive.args {
            [first, .., last] => {
                directive.source.at.within(first.range.start, last.range.end - first.range.start)
            }
            [only] => directive.source.at.within(only.range.start, only.range.len()),
            [] => directive.span,
        };
        let diagnostic = Diagnostic::error("condition", span, message)
            .at(Place::ParsingTight)
            .with_effect(ABORT)
            .with_excerpt(excerpt::lines(&format!("{name} "), &text, error.offset, width));
        Box::new(diagnostic)
    })
}

/// The code of messages that the file itself gives, and of what is wrong with one. HAProxy looks at them
/// together with keywords, and reads no further behind an alert.
pub const MESSAGE: &str = "message";
/// The code of a word with a dot that is none of these; HAProxy reads no further either.
pub const UNKNOWN_DIRECTIVE: &str = "unknown-directive";

#[derive(Clone, Copy)]
enum Level {
    Alert,
    Warning,
    Notice,
    Diag,
}

fn message(directive: &Directive<'_>, diags: &mut Vec<Diagnostic>, level: Level) -> After {
    if let Some(arg) = directive.arg(1) {
        let message =
            format!("{} Use quotes if the message should contain spaces.", directive.unexpected(&arg));
        let told = Diagnostic::error(MESSAGE, directive.span, message);
        diags.push(told.at(Place::ParsingTight));
        return After::Line;
    }
    let text = format!("'{}'.", directive.arg(0).unwrap_or_default());
    let diagnostic = match level {
        Level::Alert => Diagnostic::error(MESSAGE, directive.span, text).with_effect(ABORT),
        Level::Warning => Diagnostic::warning(MESSAGE, directive.span, text),
        Level::Notice => Diagnostic::notice(MESSAGE, directive.span, text),
        Level::Diag => Diagnostic::remark(MESSAGE, directive.span, text),
    };
    diags.push(diagnostic.at(Place::ParsingTight));
    After::Line
}
