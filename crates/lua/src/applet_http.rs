//! The AppletHTTP class: the request and the response of an HTTP service.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mlua::{Lua, Result, Table, UserData};
use proto::message::{Framing, Head, Version};
use state::Stream;

use crate::pipe::Pipe;
use crate::service::ServiceError;
use crate::shim::{Answer, Fail, Functions, Results, Shims};
use crate::vm::{Env, Vm};
use crate::{body, converters, fetches, http, vars};

/// What a script has said about its response so far.
#[derive(Debug)]
enum Stage {
    /// `set_status` and `add_header` count.
    Building,
    /// `start_response` ran; the stream has not taken the head yet.
    Started(Head),
    Taken,
}

#[derive(Debug)]
struct Draft {
    stage: Stage,
    status: u16,
    reason: Vec<u8>,
    fields: Vec<(Vec<u8>, Vec<u8>)>,
    /// Bytes of `fields`, and how many there may be.
    size: usize,
    max_size: usize,
    version: Version,
    is_head: bool,
    /// Bytes that `content-length` still asks for; `None`: the body has no known length.
    left: Option<u64>,
    /// The client gets no body: HEAD, 204, 304.
    discard: bool,
    /// More was sent than `content-length` allows.
    too_long: bool,
}

/// The response under construction, shared by the stream and the script.
#[derive(Clone)]
pub(crate) struct Response(Arc<Mutex<Draft>>);

impl Response {
    pub fn new(stream: &Stream) -> Self {
        let (request, tune) = (&stream.req, &stream.plan.config.global.tune);
        let version = if request.version == Version::Http10 { Version::Http10 } else { Version::Http11 };
        Self(Arc::new(Mutex::new(Draft {
            stage: Stage::Building,
            status: 200,
            reason: Vec::new(),
            fields: Vec::new(),
            size: 0,
            max_size: tune.bufsize.saturating_sub(tune.maxrewrite).max(1024),
            version,
            is_head: request.method() == b"HEAD",
            left: None,
            discard: false,
            too_long: false,
        })))
    }

    fn lock(&self) -> MutexGuard<'_, Draft> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// See [`crate::HttpService::take_head`].
    pub fn take_head(&self, head: &mut Head) -> bool {
        let mut draft = self.lock();
        if !matches!(draft.stage, Stage::Started(_)) {
            return false;
        }
        if let Stage::Started(made) = std::mem::replace(&mut draft.stage, Stage::Taken) {
            *head = made;
        }
        true
    }

    /// The function ended: whether its response is whole.
    pub fn end(&self) -> std::result::Result<(), ServiceError> {
        let draft = self.lock();
        match draft.stage {
            Stage::Building => Err(ServiceError::NoResponse),
            _ if draft.too_long || !draft.discard && draft.left.is_some_and(|left| left > 0) => {
                Err(ServiceError::WrongLength)
            }
            _ => Ok(()),
        }
    }
}

/// The host's part of an AppletHTTP object.
pub(crate) struct Applet {
    stream: u64,
    response: Response,
    input: Pipe,
    output: Pipe,
}

impl UserData for Applet {}

/// The object for a service's function: its fields are read from the request once.
pub(crate) fn object(
    vm: &Vm,
    stream: &Stream,
    response: &Response,
    input: &Pipe,
    output: &Pipe,
) -> Result<Table> {
    let (lua, request) = (&vm.lua, &stream.req);
    let object = lua.create_table_with_capacity(1, 11)?;
    let applet = Applet {
        stream: stream.id,
        response: response.clone(),
        input: input.clone(),
        output: output.clone(),
    };
    object.raw_set(0, lua.create_userdata(applet)?)?;
    object.raw_set("f", fetches::object(vm, stream.id, false)?)?;
    object.raw_set("sf", fetches::object(vm, stream.id, true)?)?;
    object.raw_set("c", converters::object(vm, stream.id, false)?)?;
    object.raw_set("sc", converters::object(vm, stream.id, true)?)?;
    object.raw_set("method", lua.create_string(request.method())?)?;
    object.raw_set("version", format!("HTTP/{}", request.version.number()))?;
    object.raw_set("headers", http::headers(lua, request)?)?;
    if let Some(path) = request.path() {
        object.raw_set("path", lua.create_string(path)?)?;
        object.raw_set("qs", lua.create_string(request.query().unwrap_or_default())?)?;
    }
    let length = if let Framing::Length(length) = request.framing { length } else { 0 };
    object.raw_set("length", length)?;
    object.set_metatable(Some(vm.classes.applet_http.clone()))?;
    Ok(object)
}

/// The class.
pub(crate) fn class(lua: &Lua, shims: &Shims, env: &Arc<Env>) -> Result<Table> {
    let functions = Functions::class(lua, shims)?;
    response_methods(&functions)?;
    body::getline::<Applet>(&functions, |applet| &applet.input)?;
    body::receive::<Applet>(&functions, |applet| &applet.input, false)?;
    body::private(&functions)?;
    vars::methods::<Applet>(&functions, env, |applet| applet.stream)?;
    functions.into_class("AppletHTTP")
}

fn response_methods(functions: &Functions<'_>) -> Result<()> {
    functions.add("set_status", Results::One, |lua, args| {
        let (status, reason) = (args.integer(lua, 1)?, args.optional_string(lua, 2)?);
        let this = args.this::<Applet>()?;
        let Some(status) = u16::try_from(status).ok().filter(|status| (100..600).contains(status)) else {
            return Ok(false);
        };
        let reason = reason.map_or(Vec::new(), |reason| reason.as_bytes().to_vec());
        check_value("reason", &reason)?;
        let mut draft = this.response.lock();
        (draft.status, draft.reason) = (status, reason);
        Ok(true)
    })?;
    functions.add("add_header", Results::One, |lua, args| {
        let (name, value) = (args.string(lua, 1)?, args.string(lua, 2)?);
        let (name, value) = (name.as_bytes().to_vec(), value.as_bytes().to_vec());
        if !http::is_token(&name) {
            return Err(args.bad(1, "invalid header name"));
        }
        check_value("header value", &value)?;
        let this = args.this::<Applet>()?;
        let mut draft = this.response.lock();
        draft.size += name.len() + value.len() + 4;
        if draft.size > draft.max_size {
            return Err("Lua: 'add_header': response header block too big".into());
        }
        draft.fields.push((name, value));
        Ok(true)
    })?;
    functions
        .add("start_response", Results::None, |_, args| start(&mut args.this::<Applet>()?.response.lock()))?;
    functions.add_async("send", Results::One, |lua, args| {
        let prepared = args.this::<Applet>().and_then(|this| {
            if matches!(this.response.lock().stage, Stage::Building) {
                return Err("Lua: 'send' you must call start_response() before sending data.".into());
            }
            Ok((this.response.clone(), this.output.clone(), args.string(&lua, 1)?))
        });
        async move {
            let (response, output, text) = prepared?;
            let bytes = text.as_bytes();
            let allowed = response.allow(&bytes);
            body::send(&output, allowed).await;
            Ok(bytes.len())
        }
    })
}

/// A value that would end the line it stands in is refused.
fn check_value(what: &str, value: &[u8]) -> Answer<()> {
    if value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
        return Err(format!("invalid character in the {what}").into());
    }
    Ok(())
}

impl Response {
    /// The part of `bytes` that goes to the client: what `content-length` leaves room for.
    fn allow<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let mut draft = self.lock();
        let count = match &mut draft.left {
            Some(left) => {
                let count = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= count as u64;
                count
            }
            None => bytes.len(),
        };
        draft.too_long |= count < bytes.len();
        if draft.discard { b"" } else { &bytes[..count] }
    }
}

/// `start_response`: the head and its framing.
fn start(draft: &mut Draft) -> Answer<()> {
    if !matches!(draft.stage, Stage::Building) {
        return Err("Lua: 'start_response' was called before.".into());
    }
    let mut head = Head::default();
    head.start_response(draft.status, &draft.reason, draft.version);
    let (mut length, mut chunked) = (None, false);
    let invalid = |name: &[u8]| -> Fail {
        format!("Lua: 'start_response': Invalid '{}' header.", String::from_utf8_lossy(name)).into()
    };
    for (name, value) in &draft.fields {
        if name.eq_ignore_ascii_case(b"content-length") {
            let value = base::bytes::parse_u64(value.trim_ascii()).ok_or_else(|| invalid(name))?;
            match length {
                None => length = Some(value),
                Some(have) if have == value => continue,
                Some(_) => return Err(invalid(name)),
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if !value.trim_ascii().eq_ignore_ascii_case(b"chunked") {
                return Err(invalid(name));
            }
            chunked = true;
            continue;
        }
        head.add(name, value);
    }
    if chunked {
        length = None;
        head.remove(b"content-length");
    }
    let bodyless = draft.status < 200 || matches!(draft.status, 204 | 304);
    draft.discard = bodyless || draft.is_head;
    draft.left = length;
    head.framing = match length {
        _ if draft.discard => Framing::None,
        Some(length) => Framing::Length(length),
        None if chunked || draft.version != Version::Http10 => Framing::Chunked,
        None => Framing::UntilClose,
    };
    // Rules see it, and may take it away.
    if head.framing == Framing::Chunked && draft.version != Version::Http2 {
        head.add(b"transfer-encoding", b"chunked");
    }
    draft.stage = Stage::Started(head);
    Ok(())
}
