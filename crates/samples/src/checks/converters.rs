//! Values of converters' arguments.

use ir::checks::ArgFacts;
use ir::expr::Arg;

use super::{Checked, lossy, number, require, text, unit};

pub fn http_date_unit(_: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    unit(args, 1)
}

pub fn url_enc(_: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    require(matches!(text(args, 0), b"" | b"query"), || {
        "Unexpected encode type. Allowed value is 'query'".into()
    })
}

pub fn json_encoding(_: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    require(matches!(text(args, 0), b"" | b"ascii" | b"utf8" | b"utf8s" | b"utf8p" | b"utf8ps"), || {
        "Unexpected input code type. Allowed value are 'ascii', 'utf8', 'utf8s', 'utf8p' and 'utf8ps'".into()
    })
}

/// The path of a query and the type of its answer.
pub fn json_query(facts: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    require(!text(args, 0).is_empty(), || "json_path must not be empty".into())?;
    answer_type(facts, args)
}

pub fn answer_type(_: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    require(matches!(text(args, 1), b"" | b"int"), || "output_type only supports \"int\" as argument".into())
}

/// A variable between two texts.
pub fn concat(facts: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    let name = text(args, 1);
    if name.is_empty() {
        return Ok(());
    }
    let var = facts.variable(name).map_err(|_| unregistered(name))?;
    args[1] = Arg::Var(var);
    Ok(())
}

/// A variable or a text behind a delimiter.
pub fn add_item(facts: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    concat(facts, args)?;
    require(matches!(args.get(1), Some(Arg::Var(_))) || !text(args, 2).is_empty(), || {
        "one of the optional arguments has to be nonempty".into()
    })
}

/// The name of a variable to compare with.
pub fn compared_variable(facts: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    let name = text(args, 0);
    require(!name.is_empty(), || "missing variable name".into())?;
    let var = facts.variable(name).map_err(|_| unregistered(name))?;
    args[0] = Arg::Var(var);
    Ok(())
}

fn unregistered(name: &[u8]) -> String {
    format!("failed to register variable name '{}'", lossy(name))
}

/// `set-var`: a variable, and when it is set.
pub fn set_variable(facts: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    const KNOWN: [&[u8]; 8] =
        [b"ifexists", b"ifnotexists", b"ifempty", b"ifnotempty", b"ifset", b"ifnotset", b"ifgt", b"iflt"];
    let var = facts.variable(text(args, 0))?;
    args[0] = Arg::Var(var);
    let bad = (1..args.len()).map(|index| text(args, index)).find(|condition| !KNOWN.contains(condition));
    bad.map_or(Ok(()), |condition| Err(format!("unknown condition \"{}\"", lossy(condition))))
}

/// An operand: a number, or a variable that holds one. Gives the number.
fn operand(facts: &mut dyn ArgFacts, args: &mut [Arg], index: usize) -> Result<Option<i64>, String> {
    let operand = text(args, index);
    if let Ok(var) = facts.variable(operand) {
        args[index] = Arg::Var(var);
        return Ok(None);
    }
    let value = base::bytes::parse_i64_capped(operand);
    let value = value.ok_or_else(|| String::from("expects an integer or a variable name"))?;
    args[index] = Arg::Sint(value);
    Ok(Some(value))
}

pub fn arithmetic(facts: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    operand(facts, args, 0).map(|_| ())
}

/// An offset and a length.
pub fn bytes(facts: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    let offset = operand(facts, args, 0)?;
    require(offset.is_none_or(|offset| offset >= 0), || "expects a non-negative integer".into())?;
    if args.len() < 2 {
        return Ok(());
    }
    let length = operand(facts, args, 1)?;
    require(length.is_none_or(|length| length > 0), || "expects a positive integer".into())
}

/// `be2dec`: a delimiter, the size of a chunk, and whether the last one may be short.
pub fn decimal_chunks(_: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    let size = number(args, 1);
    require((1..=8).contains(&size), || format!("chunk_size out of [1..8] range ({size})"))?;
    truncation(args)
}

pub fn hex_chunks(_: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    let size = number(args, 1);
    let is_chunked = !text(args, 0).is_empty() || number(args, 2) != 0;
    require(size > 0 || !is_chunked, || format!("chunk_size needs to be positive ({size})"))?;
    truncation(args)
}

fn truncation(args: &[Arg]) -> Checked {
    let truncate = number(args, 2);
    require(matches!(truncate, 0 | 1), || format!("Unsupported truncate value ({truncate})"))
}

/// Which control characters: a name, or a mask of the 33 there are.
pub fn control_characters(_: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    const ALL: i64 = 0x1_ffff_ffff;
    let mask = text(args, 0);
    if matches!(mask, b"" | b"any" | b"http") {
        return Ok(());
    }
    let (value, end) = base::bytes::leading_c_number(mask);
    require(end == mask.len(), || {
        format!(
            "cannot parse value '{}', problem at position {end}; expecting an integer value \
             (decimal or hex with '0x' prefix).\n",
            lossy(mask)
        )
    })?;
    let excess = value & !ALL;
    require(excess == 0, || format!("unsupported excess bits 0x{excess:x} in argument value {}", lossy(mask)))
}

/// `field` and `word`: an index and delimiters.
pub fn split(_: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    require(number(args, 0) != 0, || "Unexpected value 0 for index".into())?;
    require(!text(args, 1).is_empty(), || "Empty separators list".into())
}

pub fn param_delimiter(_: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    let Some(Arg::Str(delimiter)) = args.get(1) else { return Ok(()) };
    let is_code = delimiter.len() == 4
        && delimiter.starts_with(b"0x")
        && delimiter[2..].iter().all(u8::is_ascii_hexdigit);
    require(is_code || delimiter.len() == 1, || {
        "Delimiter must be either exactly 1 character, or 0xHH for an ASCII code .".into()
    })
}

/// The flag `i` is one of the expression.
pub fn regex_flags(_: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    let flags = text(args, 2);
    if let Some(flag) = flags.iter().find(|flag| !matches!(flag, b'i' | b'g')) {
        let flag = lossy(std::slice::from_ref(flag)).into_owned();
        return Err(format!("invalid regex flag '{flag}', only 'i' and 'g' are supported"));
    }
    let ignores_case = flags.contains(&b'i');
    if let Some(Arg::Regex(_, ignore_case)) = args.first_mut() {
        *ignore_case = ignores_case;
    }
    Ok(())
}

/// `when`: a state of the stream, or an ACL.
pub fn condition(facts: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    const STATES: [&str; 7] = ["stopping", "normal", "error", "forwarded", "toapplet", "processed", "acl"];
    let word = text(args, 0);
    let word = word.strip_prefix(b"!").unwrap_or(word);
    require(STATES.iter().any(|state| state.as_bytes() == word), || {
        format!("expects a supported keyword among {{{}}} but got '{}'", STATES.join(","), lossy(word))
    })?;
    if word != b"acl" {
        return Ok(());
    }
    let name = text(args, 1).to_vec();
    require(!name.is_empty(), || "'acl' selector requires an extra argument with the ACL name".into())?;
    require(facts.has_acl(&name), || format!("ACL '{}' not found", lossy(&name)))?;
    args[1] = Arg::Acl(name);
    Ok(())
}

/// `debug`: a prefix, and a ring or one of the standard outputs.
pub fn debug(facts: &mut dyn ArgFacts, args: &mut [Arg]) -> Checked {
    if !matches!(text(args, 1), b"stdout" | b"stderr") {
        facts.not_executed("debug to a ring");
    }
    Ok(())
}
