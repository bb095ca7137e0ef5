"use strict";
// The script of a listing to which files may be uploaded: upload, new folder, delete, and a filter
// that works at once. Reading needs nothing of it.

const at = (id) => document.getElementById(id);
const bytesMax = Number(at("upload").dataset.bytesMax);
const here = new URL("./", location.href);

/// The URL of what these names lead to from this folder on.
const address = (names) => new URL("./" + names.map(encodeURIComponent).join("/"), here);

const make = (tag, text, properties) =>
  Object.assign(document.createElement(tag), { textContent: text }, properties);

const button = (text, onclick) => make("button", text, { type: "button", onclick });

/// Says something to everybody; a screen reader reads it out.
const tell = (text) => { at("told").textContent = text; };

function humanSize(bytes) {
  const step = bytes < 1024 ? 0 : Math.floor(Math.log2(bytes) / 10);
  const number = bytes / 1024 ** step;
  return number.toFixed(step && number < 100 ? 1 : 0) + [" B", " KiB", " MiB", " GiB", " TiB"][step];
}

// ---- What a status means ----

const LOST = 0, CANCELLED = -1, UNREADABLE = -2, SKIPPED = -3, UNSENDABLE = -4;

const MEANINGS = {
  [LOST]: "The connection was lost. Is the server still there?",
  [CANCELLED]: "Cancelled",
  [UNREADABLE]: "This file cannot be read any more: it has changed, or is gone.",
  [SKIPPED]: "Skipped: there is a file of this name.",
  [UNSENDABLE]: "This name has characters that cannot be sent.",
  400: "The server cannot use this name.",
  401: "The server wants a user name and a password for this.",
  403: "The server may not write this, or does not let you.",
  404: "This is not there any more.",
  405: "The server does not allow this here.",
  408: "This took too long.",
  409: "Its folder is not there any more, or something else has this name.",
  411: "The server was not told how long this file is.",
  412: "This has changed meanwhile.",
  413: `Too large: the server takes ${humanSize(bytesMax)} at most.`,
  414: "This name is too long.",
  507: "The server has no room left on its disk.",
};

const isDone = (status) => status >= 200 && status < 300;

const meaning = (status, own = {}) => own[status] ?? MEANINGS[status]
  ?? (status < 500 ? `The server refused this (${status}).` : `The server has failed (${status}).`);

// ---- Requests ----

/// The status of the answer.
const request = (method, url, signal) =>
  fetch(url, { method, signal, redirect: "manual", cache: "no-store" }).then(
    (answer) => answer.status, () => signal?.aborted ? CANCELLED : LOST);

/// Sends a file, and tells `upload` how far it is. The status of the answer.
function put(upload, fields) {
  return new Promise((resolve) => {
    if (upload.signal.aborted) return resolve(CANCELLED);
    const request = new XMLHttpRequest();
    upload.signal.onabort = () => request.abort();
    request.upload.onprogress = ({ loaded }) => upload.showProgress(loaded);
    request.onload = () => resolve(request.status);
    request.onabort = () => resolve(CANCELLED);
    request.onerror = () => upload.file.stream().getReader().read().then(
      () => resolve(LOST), () => resolve(UNREADABLE));
    request.open("PUT", address(upload.names));
    for (const name in fields) request.setRequestHeader(name, fields[name]);
    request.send(upload.file);
  });
}

// ---- Questions ----

/// Asks, once all other questions have been answered, and resolves to the answer: the text of a
/// button, or nothing where it was Escape. Enter gives the first of `answers`.
const ask = (...asked) => lastAnswer = lastAnswer.then(() => askNow(...asked));

let lastAnswer = Promise.resolve();

function askNow(question, answers, field) {
  const dialog = at("dialog"), form = make("form", "", { method: "dialog" });
  form.append(make("p", question, { id: "question" }));
  if (field) form.append(field);
  form.append(...answers.map((answer) =>
    make("button", answer, { value: answer, formNoValidate: answer === "Cancel" })));
  dialog.replaceChildren(form);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => { dialog.onclose = () => resolve(dialog.returnValue); });
}

// ---- Uploads ----

/// Those that wait for their turn.
const queue = [];
/// The one whose turn it is.
let current = null;
let isRunning = false;
/// The answer that counts for all that follow: "Replace" or "Skip".
let answerForAll = null;
/// Those that have come to an end, since this queue began.
const ended = [];
/// The folders that are there for sure, since this queue began.
const folders = new Set();

/// A file, or a folder where `file` is null, on its way to the server, and its row in the list.
class Upload {
  constructor(names, file) {
    Object.assign(this, { names, file, name: names.join("/") });
    this.row = make("li");
    at("uploads").append(this.row);
    this.wait();
  }

  wait() {
    const controller = new AbortController();
    this.signal = controller.signal;
    this.cancel = () => {
      controller.abort();
      if (!queue.includes(this)) return;
      queue.splice(queue.indexOf(this), 1);
      this.end(CANCELLED);
    };
    this.show("Waiting", { Cancel: this.cancel });
    queue.push(this);
  }

  show(text, acts) {
    const hadFocus = this.row.contains(document.activeElement);
    this.state = make("span", text);
    const buttons = Object.entries(acts).map(([act, run]) => button(act, run));
    for (const one of buttons) one.setAttribute("aria-label", `${one.textContent} ${this.name}`);
    this.row.replaceChildren(make("bdi", this.name), this.state, ...buttons);
    if (hadFocus) (buttons[0] ?? at("choose-files")).focus();
  }

  showStart() {
    this.show("", { Cancel: this.cancel });
    this.bar = make("progress", "", { max: this.file?.size || 1, value: 0 });
    this.bar.setAttribute("aria-label", this.name);
    this.state.before(this.bar);
  }

  showProgress(bytes) {
    const size = this.file.size;
    this.bar.value = bytes;
    this.state.textContent = bytes < size
      ? `${Math.floor(bytes / size * 100)} % of ${humanSize(size)}` : "Being saved";
  }

  end(status) {
    this.status = status;
    ended.push(this);
    if (isDone(status)) return this.show("Uploaded", {});
    this.row.className = "failed";
    this.show(meaning(status), {
      Retry: () => { this.row.className = ""; this.wait(); run(); },
      Dismiss: () => { this.row.remove(); at("choose-files").focus(); },
    });
  }
}

/// Sends what waits, one after the other.
async function run() {
  if (isRunning) return;
  isRunning = true;
  at("cancel-all").hidden = false;
  while ((current = queue.shift())) {
    tell(`Uploading ${current.name}` + (queue.length ? `, ${queue.length} more to come` : ""));
    current.showStart();
    current.end(await send(current));
  }
  at("cancel-all").hidden = true;
  answerForAll = null;
  folders.clear();
  await refresh();
  const done = ended.filter((upload) => isDone(upload.status));
  const others = ended.length - done.length;
  for (const upload of done) upload.row.remove();
  ended.length = 0;
  tell(`${done.length} uploaded` + (others ? `, ${others} not uploaded` : ""));
  isRunning = false;
  if (queue.length) run();
}

/// Sends one file. The server must not have it yet, unless the user says that it may be replaced.
async function send(upload) {
  const { names, file } = upload;
  try { address(names); } catch { return UNSENDABLE; }
  if (file?.size > bytesMax) return 413;
  for (let depth = 1; depth < names.length + (file ? 0 : 1); depth += 1) {
    const status = await makeFolder(names.slice(0, depth), upload.signal);
    if (!isDone(status)) return status;
  }
  if (!file) return 201;
  // The server may refuse a long file only when it has come: so it is asked before.
  const isThere = file.size > 1 << 20
    && isDone(await request("HEAD", address(names), upload.signal));
  const status = isThere ? 412 : await put(upload, { "If-None-Match": "*" });
  if (status !== 412) return status;
  return await mayReplace(upload) ? put(upload, {}) : SKIPPED;
}

async function mayReplace(upload) {
  if (!answerForAll) {
    upload.state.textContent = "There already";
    const answers = ["Skip", "Replace", ...(queue.length ? ["Skip all", "Replace all"] : [])];
    const answer = await ask(`There is a file ${upload.name} already.`, answers);
    if (!answer.endsWith(" all")) return answer === "Replace";
    answerForAll = answer;
  }
  return answerForAll === "Replace all";
}

/// Makes a folder on the way of an upload. One that is there already is as good.
async function makeFolder(names, signal) {
  const path = names.join("/");
  if (folders.has(path)) return 201;
  const status = await request("MKCOL", address(names), signal);
  if (!isDone(status) && status !== 405) return status;
  folders.add(path);
  return 201;
}

/// The server never takes such a name.
const isHidden = (name) => name.startsWith(".") && name !== ".well-known";

/// Adds files to the queue, each a pair with its names. Hidden ones are left out.
function add(pairs) {
  const taken = pairs.filter(([names]) => !names.some(isHidden));
  for (const [names, file] of taken) new Upload(names, file);
  if (taken.length) run();
  else tell("Nothing to upload. Names that start with a dot are left out.");
}

/// The files below an entry of a drop, and the empty folders, as pairs for `add`.
async function inEntry(entry, above = []) {
  const names = [...above, entry.name];
  if (isHidden(entry.name)) return [];
  if (entry.isFile) return [[names, await new Promise((done, failed) => entry.file(done, failed))]];
  const reader = entry.createReader(), pairs = [];
  for (;;) {
    // Some at a time, none at the end.
    const entries = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!entries.length) return pairs.length ? pairs : [[names, null]];
    for (const inner of entries) pairs.push(...await inEntry(inner, names));
  }
}

function drop(event) {
  event.preventDefault();
  document.body.classList.remove("drop");
  // Before anything is waited for: later the browser no longer tells.
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry());
  const inEntries = entries.filter(Boolean).map((entry) => inEntry(entry));
  Promise.all(inEntries).then((pairs) => add(pairs.flat()), () => tell("This cannot be read."));
}

// ---- The listing ----

/// Loads the listing anew, and leaves all else on the page as it is. Where that fails it shows what
/// was there, and each upload still tells what has become of it.
async function refresh() {
  const options = { headers: { Accept: "text/html" }, cache: "no-store" };
  const text = await fetch(location.href, options).then((answer) => answer.text(), () => "");
  const listing = new DOMParser().parseFromString(text, "text/html").getElementById("listing");
  if (!listing) return;
  at("listing").replaceWith(listing);
  equip();
}

const entryRows = () => [...at("listing").querySelectorAll("tbody tr:not(.p)")];

/// Gives each row a button that deletes, and hides the rows that the filter does not admit.
function equip() {
  at("listing").querySelector("thead tr").append(make("th", "", { scope: "col", ariaLabel: "Delete" }));
  for (const row of at("listing").querySelectorAll("tbody tr")) {
    const cell = row.insertCell();
    if (row.className === "p") continue;
    const name = row.querySelector("a").textContent;
    cell.append(make("button", "×", { type: "button", title: "Delete", ariaLabel: `Delete ${name}` }));
  }
  sift();
}

async function remove(row) {
  const link = row.querySelector("a"), name = link.textContent, position = entryRows().indexOf(row);
  if (await ask(`Delete ${name}?`, ["Cancel", "Delete"]) !== "Delete") return;
  const url = new URL(link.href);
  url.search = "";
  const status = await request("DELETE", url);
  tell(isDone(status) ? `${name} is deleted.` : `${name}: ` + meaning(status, {
    404: "It is gone already.",
    409: "This folder is not empty. Delete first what is in it.",
  }));
  if (!isDone(status) && status !== 404) return;
  await refresh();
  const rows = entryRows(), next = rows[Math.min(position, rows.length - 1)];
  (next?.querySelector("button") ?? at("choose-files")).focus();
}

async function newFolder() {
  const field = make("input", "", {
    required: true, maxLength: 255, pattern: "[^.\\/][^\\/]*", ariaLabel: "Name of the folder",
    title: "No slash, and no dot at its start",
  });
  if (await ask("Name of the new folder", ["Create", "Cancel"], field) !== "Create") return;
  const name = field.value, status = await request("MKCOL", address([name]));
  tell(isDone(status) ? `The folder ${name} is made.` : `${name}: ` + meaning(status, {
    405: "There is something of this name already.",
  }));
  await refresh();
}

/// Hides the rows whose names do not have the text of the filter in them.
function sift() {
  const text = filter.value.toLowerCase();
  for (const row of entryRows()) {
    const name = row.querySelector("a").textContent.replace(/\/$/, "");
    row.hidden = !name.toLowerCase().includes(text);
  }
}

const filter = document.querySelector("[role=search] input");

filter.oninput = async () => {
  const url = new URL(location.href);
  if (url.searchParams.has("filter")) {
    // The server has left rows out: from now on that is done here.
    url.searchParams.delete("filter");
    history.replaceState(null, "", url);
    await refresh();
  }
  sift();
  if (!isRunning) tell(`Shown: ${entryRows().filter((row) => !row.hidden).length}`);
};

document.addEventListener("click", ({ target }) => {
  const row = target.closest("#listing td button")?.closest("tr");
  if (row) remove(row);
});
at("choose-files").onclick = () => at("files").click();
at("choose-folder").onclick = () => at("folder").click();
at("new-folder").onclick = newFolder;
at("cancel-all").onclick = () => { for (const upload of [...queue, current]) upload?.cancel(); };
for (const input of [at("files"), at("folder")]) {
  input.onchange = () => {
    add([...input.files].map((file) => [(file.webkitRelativePath || file.name).split("/"), file]));
    input.value = "";
  };
}
const hasFiles = (event) => event.dataTransfer.types.includes("Files");
document.ondragover = (event) => {
  if (hasFiles(event)) event.preventDefault();
  document.body.classList.toggle("drop", hasFiles(event));
};
document.ondragleave = ({ relatedTarget }) => {
  if (!relatedTarget) document.body.classList.remove("drop");
};
document.ondrop = (event) => { if (hasFiles(event)) drop(event); };
window.onbeforeunload = (event) => { if (current) event.preventDefault(); };

equip();
at("upload").hidden = false;
