//! An HTTP service with two keys, which can be told to misbehave.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub const ADMIN: &str = "admin-password";

/// What becomes of the next key that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    Well,
    /// It makes the key, and closes the connection.
    Silent,
    /// It answers as if there were a key, and forgets it.
    Forgets,
    /// Its answer is there twice, one after the other.
    Twice,
    /// It makes the key, and answers after a while.
    Late,
    /// It makes the key, and says that it failed.
    Fails,
    /// It is too busy to look.
    Busy,
}

#[derive(Default)]
struct State {
    /// Handle, label, key.
    keys: Vec<(String, String, String)>,
    made: usize,
    mood: Option<Mood>,
}

/// Runs until the test ends.
pub struct Service {
    state: Arc<Mutex<State>>,
    pub endpoint: String,
}

impl Service {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = shared.clone();
                // Whoever asked may have gone.
                std::thread::spawn(move || _ = serve(stream, &state));
            }
        });
        Self { state, endpoint }
    }

    pub fn next(&self, mood: Mood) {
        self.state.lock().unwrap().mood = Some(mood);
    }

    pub fn labels(&self) -> Vec<String> {
        self.state.lock().unwrap().keys.iter().map(|(_, label, _)| label.clone()).collect()
    }
}

struct Request {
    line: String,
    bearer: String,
    body: Value,
}

fn read(stream: &TcpStream) -> std::io::Result<Request> {
    let mut reader = BufReader::new(stream);
    let (mut line, mut bearer, mut length) = (String::new(), String::new(), 0);
    reader.read_line(&mut line)?;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "authorization" => bearer = value.trim_start_matches("Bearer ").to_owned(),
            "content-length" => length = value.parse().unwrap(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body = serde_json::from_slice(&body).unwrap_or_default();
    Ok(Request { line, bearer, body })
}

fn serve(mut stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let request = read(&stream)?;
    let (status, body, mood) = answer(&request, &mut state.lock().unwrap());
    let body = match (&body, mood) {
        (_, Mood::Silent) => return Ok(()),
        (body, Mood::Twice) => format!("{body}{body}"),
        (body, _) => body.to_string(),
    };
    if mood == Mood::Late {
        std::thread::sleep(Duration::from_millis(1500));
    }
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status} x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

fn answer(request: &Request, state: &mut State) -> (u16, Value, Mood) {
    let words: Vec<&str> = request.line.split(' ').collect();
    let (method, path) = (words[0], words[1]);
    if path == "/self" {
        let owner = state.keys.iter().find(|(.., key)| *key == request.bearer);
        let known = owner.map(|(handle, ..)| json!({"handle": handle, "last_used": 1_764_500_000}));
        return (if known.is_some() { 200 } else { 401 }, known.unwrap_or_default(), Mood::Well);
    }
    if request.bearer != ADMIN {
        return (403, json!({}), Mood::Well);
    }
    match (method, path.strip_prefix("/keys/")) {
        ("GET", None) => {
            let keys = state.keys.iter();
            let keys = keys.map(|(handle, label, _)| json!({"handle": handle, "label": label}));
            (200, json!({"keys": keys.collect::<Vec<_>>()}), Mood::Well)
        }
        ("DELETE", Some(handle)) => {
            let before = state.keys.len();
            state.keys.retain(|(known, ..)| known != handle);
            (if state.keys.len() < before { 204 } else { 404 }, json!({}), Mood::Well)
        }
        _ => made(request, state),
    }
}

fn made(request: &Request, state: &mut State) -> (u16, Value, Mood) {
    let mood = state.mood.take().unwrap_or(Mood::Well);
    if state.keys.len() == 2 {
        return (409, json!({}), Mood::Well);
    }
    if mood == Mood::Busy {
        return (503, json!({}), mood);
    }
    state.made += 1;
    let (handle, key) = (format!("key-{}", state.made), format!("made-key-{}", state.made));
    if mood != Mood::Forgets {
        let label = request.body["label"].as_str().unwrap().to_owned();
        state.keys.push((handle.clone(), label, key.clone()));
    }
    let status = if mood == Mood::Fails { 500 } else { 201 };
    (status, json!({"handle": handle, "key": key}), mood)
}
