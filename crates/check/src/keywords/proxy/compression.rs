//! `compression`.

use super::DFLB;
use crate::context::Context;
use crate::draft::Kind;
use crate::fail::{Checked, Fail};
use crate::keyword::{Keyword, MANY, Set};
use crate::line::Line;

const ALGORITHMS: [&str; 4] = ["identity", "deflate", "raw-deflate", "gzip"];

fn compression(c: &mut Context<'_>, line: &Line<'_>) {
    c.px.has_compression = true;
    if let Err(fail) = read(c, line) {
        c.fail(fail);
    }
}

fn read(c: &mut Context<'_>, line: &Line<'_>) -> Checked<()> {
    let fail = |text: &str| Err(Fail::new("bad-compression", line.span, text));
    let what = line.lossy(0);
    let values = line.args.get(1..).unwrap_or_default();
    match what.as_str() {
        "algo" | "algo-res" if values.is_empty() => {
            // HAProxy tells the place twice.
            let at = c.at(line.span);
            fail(&format!("parsing [{at}] : 'compression' expects <algorithm>."))
        }
        "algo" | "algo-res" => values.iter().try_for_each(|word| algorithm(&word.lossy(), line)),
        "algo-req" => algorithm(&line.lossy(1), line),
        "type" | "type-res" | "type-req" if values.is_empty() => fail("'compression' expects <type>."),
        "type" | "type-res" | "type-req" => Ok(()),
        "minsize-req" | "minsize-res" => min_size(line, &what),
        "direction" => match line.lossy(1).as_str() {
            "request" | "response" | "both" => Ok(()),
            _ => fail("'compression' expects 'request', 'response', or 'both'."),
        },
        "offload" => {
            if c.px.kind == Kind::Defaults {
                let text = "'compression' : 'offload' ignored in 'defaults' section.";
                c.warn("not-in-defaults", line.span, text);
            }
            Ok(())
        }
        _ => fail(
            "'compression' expects 'algo', 'type', 'direction', 'offload', 'minsize-req' or 'minsize-res'.",
        ),
    }
}

fn algorithm(name: &str, line: &Line<'_>) -> Checked<()> {
    if ALGORITHMS.contains(&name) {
        return Ok(());
    }
    let text = format!("'compression' : '{name}' is not a supported algorithm.");
    Err(Fail::new("unknown-algorithm", line.span, text))
}

fn min_size(line: &Line<'_>, what: &str) -> Checked<()> {
    let Some(word) = line.arg(1) else {
        let text = format!("'{what}' expects an integer argument.");
        return Err(Fail::new("missing-argument", line.span, text));
    };
    base::size::parse_u32(&word.text).map(|_| ()).map_err(|error| {
        let rest = String::from_utf8_lossy(word.text.get(error.offset..).unwrap_or_default()).into_owned();
        Fail::new("bad-size", word.span, format!("unexpected '{rest}' after size passed to '{what}'"))
    })
}

pub const ROWS: &[Keyword] = &[Keyword::new(
    "compression",
    "Compresses responses and requests.",
    DFLB,
    "{ algo <algo>* | algo-req <algo> | type <mime>* | minsize-req <size> | direction <way> | offload } …",
    MANY,
    Set::Line(compression),
)
.listed()
.parsed()];
