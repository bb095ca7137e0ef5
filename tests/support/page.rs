//! A page in Chromium that a test acts on as a user does, by the Chrome DevTools Protocol: keys,
//! files that are chosen or dropped, and questions to its document.
//!
//! Messages are JSON, each ended by NUL, on two pipes (`--remote-debugging-pipe`).

use super::browser::{Browser, OPTIONS};
use super::{PATIENCE, find};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use tempfile::TempDir;

pub struct Page {
    commands: File,
    messages: Receiver<Value>,
    session: Option<String>,
    /// Of the last command.
    number: u64,
    /// The events that came before the answer to a command.
    events: Vec<Value>,
    _browser: Browser,
}

impl Page {
    /// Loads `url`. `None` where there is no Chromium.
    pub fn open(url: &str) -> Option<Page> {
        let chromium = find("chromium")?;
        let profile = TempDir::new().expect("a temporary directory");
        let pipes = ["commands", "messages"].map(|name| profile.path().join(name));
        for pipe in &pipes {
            let mode = Mode::RUSR | Mode::WUSR;
            mknodat(CWD, pipe, FileType::Fifo, mode, 0).expect("a pipe with a name");
        }
        // The descriptors that Chromium expects them at.
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$@\" 3<\"$0/commands\" 4>\"$0/messages\""]);
        command.arg(profile.path()).arg(chromium).args(OPTIONS);
        command.args(["--remote-debugging-pipe", "about:blank"]);
        let browser = Browser::spawn(&mut command, profile);
        let commands = File::options().write(true).open(&pipes[0]).expect("a reader");
        let messages = messages_of(File::open(&pipes[1]).expect("a writer"));
        let mut page = Page {
            commands,
            messages,
            session: None,
            number: 0,
            events: Vec::new(),
            _browser: browser,
        };
        page.attach();
        page.load(url);
        Some(page)
    }

    fn attach(&mut self) {
        let targets = self.call("Target.getTargets", json!({}));
        let targets = targets["targetInfos"].as_array().expect("a list");
        let target = targets.iter().find(|target| target["type"] == "page").expect("a page");
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = self.call("Target.attachToTarget", attach);
        self.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "DOM"] {
            self.call(&format!("{domain}.enable"), json!({}));
        }
    }

    /// Returns once the page has loaded.
    #[track_caller]
    pub fn load(&mut self, url: &str) {
        self.events.clear();
        self.call("Page.navigate", json!({ "url": url }));
        self.wait_until_loaded();
    }

    /// Presses a key that leads to another page, and returns once that has loaded.
    #[track_caller]
    pub fn press_and_load(&mut self, key: &str) {
        self.events.clear();
        self.press(key);
        self.wait_until_loaded();
    }

    #[track_caller]
    fn wait_until_loaded(&mut self) {
        let is_load = |message: &Value| message["method"] == "Page.loadEventFired";
        while !self.events.iter().any(is_load) {
            let message = self.next_message();
            self.events.push(message);
        }
    }

    #[track_caller]
    fn next_message(&mut self) -> Value {
        self.messages.recv_timeout(PATIENCE).expect("a message of Chromium")
    }

    /// The result of a command of the protocol.
    #[track_caller]
    fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.number += 1;
        let mut command = json!({ "id": self.number, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        let mut bytes = command.to_string().into_bytes();
        bytes.push(0);
        self.commands.write_all(&bytes).expect("Chromium reads");
        loop {
            let mut message = self.next_message();
            if message["id"] == self.number {
                assert!(message["error"].is_null(), "{method}: {message}");
                return message["result"].take();
            }
            self.events.push(message);
        }
    }

    /// What an expression in JavaScript gives; where that is a promise, what it resolves to.
    #[track_caller]
    pub fn ask(&mut self, expression: &str) -> Value {
        let parameters =
            json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let mut answer = self.call("Runtime.evaluate", parameters);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].take()
    }

    /// Waits until the expression is true, which is asked anew whenever the document changes, or
    /// the focus.
    #[track_caller]
    pub fn wait_for(&mut self, expression: &str) {
        self.ask(&format!(
            "new Promise((done) => {{
                const look = () => ({expression}) && done();
                new MutationObserver(look).observe(document, {{ attributes: true, characterData: true, childList: true, subtree: true }});
                document.addEventListener('focusin', look);
                look();
            }})"
        ));
    }

    /// Chooses files, by their paths, for the input that `selector` names.
    pub fn choose(&mut self, selector: &str, files: &[&Path]) {
        let document = self.call("DOM.getDocument", json!({}));
        let input = json!({ "nodeId": document["root"]["nodeId"], "selector": selector });
        let node = self.call("DOM.querySelector", input);
        let files = json!({ "nodeId": node["nodeId"], "files": files });
        self.call("DOM.setFileInputFiles", files);
    }

    /// Drops files and folders, by their paths, in the middle of the page.
    pub fn drop_files(&mut self, files: &[&Path]) {
        for kind in ["dragEnter", "dragOver", "drop"] {
            let data = json!({ "items": [], "files": files, "dragOperationsMask": 1 });
            let event = json!({ "type": kind, "x": 300, "y": 300, "data": data });
            self.call("Input.dispatchDragEvent", event);
        }
    }

    /// Presses a key: `Tab`, `Enter`, `Escape` or ` `.
    pub fn press(&mut self, key: &str) {
        let (code, text) = match key {
            "Tab" => (9, ""),
            "Enter" => (13, "\r"),
            "Escape" => (27, ""),
            " " => (32, " "),
            _ => panic!("{key}"),
        };
        for kind in ["keyDown", "keyUp"] {
            let text = if kind == "keyDown" { text } else { "" };
            let event = json!({
                "type": kind, "key": key, "code": if key == " " { "Space" } else { key },
                "windowsVirtualKeyCode": code, "text": text,
            });
            self.call("Input.dispatchKeyEvent", event);
        }
    }

    /// Types text where the focus is.
    pub fn write(&mut self, text: &str) {
        self.call("Input.insertText", json!({ "text": text }));
    }
}

/// The messages that come on a pipe, for another thread.
fn messages_of(pipe: File) -> Receiver<Value> {
    let (sender, messages) = channel();
    thread::spawn(move || {
        for message in BufReader::new(pipe).split(0).map_while(Result::ok) {
            // Where nobody listens any more, the test is over.
            let _ = sender.send(serde_json::from_slice(&message).expect("JSON"));
        }
    });
    messages
}
