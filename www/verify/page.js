// The single-file page. `wasm_bindgen`, `unpack` and `MODULE` stand before this in the same script.
//
// Nothing here decides anything: bytes go into WebAssembly, and a verdict comes out of the same call.
// Text from a receipt is only ever set as text.
const WORDS = {
  verified: ["Verified", "tick"],
  stale: ["Anchor too old", "clock"],
  failed: ["Not valid", "cross"],
  "could-not-check": ["Could not check", "question"],
  "not-checked": ["Not checked", "empty"],
};

const time = (ms) => new Date(ms).toISOString().replace("T", " ").replace("Z", " UTC");
const signed = ({ votes, power, total }) => `${votes} ${votes === 1 ? "vote" : "votes"} with power ${power} of ${total}`;

/** What each check that passed says. */
const CHECKS = {
  decoded: ({ bytes }) => ["Format", `The ${bytes} bytes are a receipt, to the last one, in the only encoding it has.`],
  anchor: () => ["Anchor", "The receipt starts from your anchor, by its digest."],
  handover: ({ epoch, height }) => ["Handover", `The validators of epoch ${epoch} were named, at height ${height}, by those before them.`],
  "trust-period": ({ age, period }) => ["Trust period", period === 0 ? "This log has none." : `The anchor is ${days(age)} old; its keys count for ${days(period)}.`],
  vote: ({ index, suite, power, total }) => ["Vote", `Validator ${index} signed (${suite}), power ${power} of ${total}.`],
  quorum: (check) => ["Quorum", `${signed(check.signed)}; more than two thirds is needed.`],
  final: ({ height }) => ["Final header", `The header of height ${height} follows from the anchor and cannot be taken back.`],
  writer: ({ suite }) => ["Writer’s signature", `The event is signed under the key that it names as its writer (${suite}).`],
  included: ({ index, size, steps }) => ["Inclusion", `Entry ${index} of ${size}: ${steps} ${steps === 1 ? "hash leads" : "hashes lead"} to the root in the header.`],
  "log-time": () => ["Time of logging", "The event is in the one block and not in the block before it."],
  payload: () => ["Payload", "The payload in the receipt has the digest that the event commits to."],
  name: () => ["Name of the writer", "The log’s state gives the writer’s key to this member."],
};

const capital = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);
const NO_ANCHOR = "There is no anchor, and without one nothing can be verified: it is the line that names the log you trust.";
const days = (ms) => (ms < 86_400_000 ? "less than a day" : `${Math.floor(ms / 86_400_000)} days`);
const $ = (id) => document.getElementById(id);

/** The receipt on the page. A newer one makes what is under way for an older one count for nothing. */
let current = { bytes: null, turn: 0 };

const internal = (message) => ({ state: "could-not-check", code: "internal", message });

/** The anchor of the link that opened this page. It stands in the field; nobody here chose it. */
let linked = "";

const isFromLink = () => linked !== "" && $("anchor").value.trim() === linked;

/** Says below the field, and with each verdict, that the anchor came from the link. */
function sayOrigin() {
  $("anchor-says").hidden = !isFromLink();
  $("origin").hidden = !isFromLink() || $("verdict").dataset.state === "not-checked";
}

let loading;
/** Why no more is asked of the module: one that stopped may be in any state. */
let stopped;

/** Calls the module. Throws what a check found, or why nothing was checked. */
async function ask(act) {
  loading ??= load();
  await loading.catch((error) => {
    loading = undefined;
    throw internal(`The verifier does not start (this page needs a browser from 2024 or later): ${error.message ?? error}.`);
  });
  if (stopped) throw stopped;
  try {
    return act(wasm_bindgen);
  } catch (thrown) {
    if (typeof thrown === "string") throw JSON.parse(thrown);
    throw (stopped = internal(`The verifier stopped: ${thrown.message ?? thrown}. Reload the page.`));
  }
}

async function load() {
  await wasm_bindgen({ module_or_path: await unpack(MODULE) });
}

function show(state, sentence, { code, expected, found } = {}) {
  const [word, icon] = WORDS[state];
  $("verdict").dataset.state = state;
  $("word").textContent = word;
  $("sentence").textContent = capital(sentence);
  $("icon").setAttribute("href", `#${icon}`);
  // Most sentences name both sides already.
  const sides = typeof expected === "string" && !(sentence.includes(expected) && sentence.includes(found));
  $("sides").textContent = sides ? `Expected: ${expected}. Found: ${found}.` : "";
  $("sides").hidden = !sides;
  $("code").textContent = code ? `Code ${code}` : "";
  $("code").hidden = !code;
  sayOrigin();
}

/** Takes everything of an earlier check off the page, before anything new is looked at. */
function clear() {
  for (const id of ["event", "proven", "checks", "opened"]) $(id).replaceChildren();
  for (const id of ["found", "event-card", "proven-card", "payload-card", "open"]) $(id).hidden = true;
  for (const id of ["payload-says", "opened-says"]) $(id).textContent = "";
  $("key").value = "";
  $("key-file").value = "";
}

function element(name, text, kind) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function list(id, pairs) {
  for (const [name, value, kind] of pairs) {
    if (value === null || value === undefined || value === "") continue;
    const row = element("div");
    row.append(element("dt", name), element("dd", String(value), kind));
    $(id).append(row);
  }
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#${name}`);
  svg.append(use);
  return svg;
}

function step(state, symbol, title, text) {
  const item = element("li");
  item.dataset.state = state;
  const body = element("div");
  body.append(element("h3", title), element("p", text));
  item.append(icon(symbol), body);
  $("checks").append(item);
}

function showChecks(checks, error) {
  for (const check of checks) {
    const [title, text] = CHECKS[check.check]?.(check) ?? [check.check, "Passed."];
    step(error ? "passed" : "verified", "tick", title, text);
  }
  if (error) step(error.state, WORDS[error.state][1], WORDS[error.state][0], `Here it ended: ${error.code}.`);
}

function showReceipt({ id, index, event, header, writerName, writerSuite, logTime, standing, payloadIncluded }) {
  const { actor, resource } = event;
  const party = ({ kind, id }) => (kind || id ? `${kind}/${id}` : "");
  list("event", [
    ["Type", event.type], ["Actor", party(actor)], ["Resource", party(resource)], ["Belongs to", resource.parent],
    ["Outcome", event.outcome], ["Reason", event.reason], ["Time", time(event.time)], ["Sequence", event.sequence],
    ...Object.entries(event.metadata),
  ]);
  list("proven", [
    ["Event id", id, "mono"], ["Index in the log", index], ["Writer’s name", writerName], ["Writer’s key", `${event.writer} (${writerSuite})`, "mono"],
    ["Logged after", logTime?.after && time(logTime.after)], ["Logged by", logTime && time(logTime.until)],
    ["Height", header.height], ["Header", header.digest, "mono"], ["Log", header.log, "mono"],
    ["Signed", standing.signed && signed(standing.signed)], ["Checked at", time(Date.now())],
  ]);
  showPayload(event.payload, payloadIncluded);
  for (const id of ["event-card", "proven-card", "payload-card"]) $(id).hidden = false;
}

function showPayload({ kind, length }, included) {
  const says = {
    none: "The event has none.",
    public: `Public, ${length} bytes; ${included ? "it comes with the receipt" : "the receipt does not bring it along"}.`,
    sealed: `Sealed, ${length} bytes: only holders of a key it was wrapped for can read it.${included ? "" : " The receipt does not bring it along."}`,
  };
  $("payload-says").textContent = says[kind] ?? kind;
  $("open").hidden = kind !== "sealed" || !included;
}

/** What must be said with a verdict that is green. */
function verifiedSentence({ index, standing: { concentrated, postQuantum } }) {
  const parts = [`This event is entry ${index} of the log. Your anchor leads to a final header that contains it, and its writer’s key signed it.`];
  if (concentrated) {
    const all = concentrated.power === concentrated.total;
    parts.push(all ? "One validator holds all voting power: the log is final because that one party says so."
      : `One validator holds a third or more of the voting power (${concentrated.power} of ${concentrated.total}).`);
  }
  if (postQuantum === false) parts.push("Some validators sign with classical keys alone, which a large quantum computer could forge.");
  return parts.join(" ");
}

async function check(bytes) {
  const turn = (current = { bytes, turn: current.turn + 1 }).turn;
  clear();
  const anchor = $("anchor").value.trim();
  if (!bytes) return show("not-checked", "There is no receipt: choose, drop or paste one.");
  if (!anchor) return show("not-checked", NO_ANCHOR);
  show("not-checked", "Checking …");
  const text = await ask((wasm) => wasm.verify(bytes, anchor, Date.now())).catch((error) => JSON.stringify({ error, checks: [] }));
  if (turn !== current.turn) return undefined;
  const { receipt, error, checks } = JSON.parse(text);
  showChecks(checks, error);
  $("found").hidden = false;
  if (error) return show(error.state, error.message, error);
  current.anchor = anchor;
  showReceipt(receipt);
  return show("verified", verifiedSentence(receipt));
}

/** The worse comes first: what several verdicts come to together. */
const WORST = ["failed", "could-not-check", "stale", "verified"];
/** How many rows are shown of those that hold, and of those that do not. */
const SHOWN = { good: 200, bad: 1_000 };
/** How long the page checks before it lets the browser do other things, and how often it says how far it
 * is, in milliseconds. */
const SLICE = 16;
const TELL = 1_000;
/** Up to so many dropped files may be an anchor or a key among receipts; of more, each is a receipt. */
const MIXED = 50;

const plural = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

/** What several receipts come to. */
function sum(counts, total) {
  const told = WORST.filter((state) => counts[state]).map((state) => `${WORDS[state][0].toLowerCase()}: ${counts[state].toLocaleString("en")}`);
  if (counts.verified === total) return `All ${plural(total, "receipt")} hold, each from your anchor on.`;
  return `Of ${plural(total, "receipt")}, ${told.join("; ")}.`;
}

/** One row: what a file came to, and a way to see why. */
function row(file, { state, text, code }) {
  const item = element("li");
  item.dataset.state = state;
  const name = element("button", file.name, "name");
  name.type = "button";
  name.addEventListener("click", () => checkFile(file));
  item.append(icon(WORDS[state][1]), element("span", WORDS[state][0], "word"), name, element("span", code ? `${capital(text)} (${code}).` : text, "small soft"));
  return item;
}

function clearMany() {
  for (const id of ["rows", "counts"]) $(id).replaceChildren();
  for (const id of ["many", "cut"]) $(id).hidden = true;
}

function showCounts(counts) {
  $("counts").replaceChildren(...WORST.toReversed().filter((state) => counts[state]).map((state) => {
    const item = element("li");
    item.dataset.state = state;
    item.append(icon(WORDS[state][1]), element("span", `${WORDS[state][0]}: ${counts[state].toLocaleString("en")}`));
    return item;
  }));
}

/** What one file of several comes to. */
async function verdictOf(file, anchor) {
  const unread = { state: "could-not-check", code: "page-not-read", message: "The file cannot be read." };
  const bytes = await file.arrayBuffer().catch(() => undefined);
  if (!bytes) return { state: unread.state, text: unread.message, code: unread.code };
  const text = await ask((wasm) => wasm.verify(new Uint8Array(bytes), anchor, Date.now())).catch((error) => JSON.stringify({ error }));
  const { receipt, error } = JSON.parse(text);
  return error ? { state: error.state, text: error.message, code: error.code } : { state: "verified", text: `Entry ${receipt.index}: ${receipt.event.type}` };
}

/** Several receipts: a verdict each, and how many there are of which. A newer check ends this one. */
async function checkMany(files) {
  const { turn } = (current = { bytes: null, turn: current.turn + 1 });
  clear();
  clearMany();
  const anchor = $("anchor").value.trim();
  if (!anchor) return show("not-checked", NO_ANCHOR);
  const counts = Object.fromEntries(WORST.map((state) => [state, 0]));
  const rows = { good: 0, bad: 0 };
  let since = performance.now();
  let told = since;
  show("not-checked", `Checking ${plural(files.length, "receipt")} …`);
  $("many").hidden = false;
  for (const [at, file] of files.entries()) {
    const found = await verdictOf(file, anchor);
    if (turn !== current.turn) return undefined;
    counts[found.state] += 1;
    const kind = found.state === "verified" ? "good" : "bad";
    // What does not hold stands before what does.
    if (++rows[kind] <= SHOWN[kind]) $("rows").insertBefore(row(file, found), kind === "bad" ? $("rows").children[rows.bad - 1] : null);
    if (performance.now() - since < SLICE) continue;
    if (performance.now() - told > TELL) {
      told = performance.now();
      showCounts(counts);
      $("sentence").textContent = `Checking: ${(at + 1).toLocaleString("en")} of ${plural(files.length, "receipt")} …`;
    }
    await new Promise((done) => setTimeout(done));
    since = performance.now();
  }
  showCounts(counts);
  $("cut").hidden = rows.good <= SHOWN.good && rows.bad <= SHOWN.bad;
  $("cut").textContent = `The first ${SHOWN.bad.toLocaleString("en")} that do not hold and the first ${SHOWN.good} that do are listed; the counts are of all.`;
  return show(WORST.find((state) => counts[state]), sum(counts, files.length));
}

async function open(key) {
  const { turn, bytes, anchor } = current;
  $("opened").replaceChildren();
  try {
    const values = await ask((wasm) => wasm.open(bytes, anchor, Date.now(), key));
    if (turn !== current.turn) return;
    const pairs = [];
    for (let at = 0; at < values.length; at += 2) pairs.push([values[at], textOf(values[at + 1])]);
    list("opened", pairs);
    $("opened-says").textContent = "Opened: these are the bytes that the event commits to.";
  } catch (error) {
    if (turn === current.turn) $("opened-says").textContent = `Not opened: ${error.message} (${error.code})`;
  }
}

/** Text where the bytes are text, hex digits where they are not. */
function textOf(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes) || "(empty)";
  } catch {
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
}

/** Base64 of a receipt, or the JSON that the npm package makes of one. The anchor in it is not yours. */
function pasted(text) {
  const encoded = text.startsWith("{") ? String(JSON.parse(text).receipt) : text;
  const plain = encoded.replace(/\s/g, "").replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(plain), (letter) => letter.charCodeAt(0));
}

async function submit() {
  const files = [...$("file").files];
  const text = $("text").value.trim();
  clearMany();
  if (!text) return files.length > 0 ? checkFiles(files) : check(null);
  let bytes;
  try {
    bytes = pasted(text);
  } catch (error) {
    current = { bytes: null, turn: current.turn + 1 };
    clear();
    return show("could-not-check", `What was pasted is no base64: ${error.message}.`, { code: "page-not-base64" });
  }
  return check(bytes);
}

/** A dropped file is an anchor, a key or a receipt, by what it begins with; of many, each is a receipt. */
async function dropped(files) {
  const receipts = [];
  let key = "";
  for (const file of files) {
    const begin = files.length > MIXED ? "" : await file.slice(0, 100).text().catch(() => "");
    if (/^(genesis|checkpoint):/.test(begin)) {
      // A file that somebody chose, whatever a link said.
      linked = "";
      $("anchor").value = begin.trim();
    } else if (begin.startsWith("cairn-secret-")) {
      key = (await file.text()).trim();
    } else {
      receipts.push(file);
    }
  }
  if (receipts.length > 0) {
    $("text").value = "";
    $("file").value = "";
    await checkFiles(receipts);
  } else if (!key) {
    await check(current.bytes);
  }
  // For the receipt that is shown now: checking another empties the field.
  $("key").value = key;
}

/** One receipt is shown whole, several are listed. */
async function checkFiles(files) {
  if (files.length > 1) return checkMany(files);
  clearMany();
  return checkFile(files[0]);
}

/** What was shown is gone before the file is read; a read that fails, or comes late, leaves nothing of it. */
async function checkFile(file) {
  const { turn } = (current = { bytes: null, turn: current.turn + 1 });
  clear();
  show("not-checked", "Checking …");
  const bytes = await file.arrayBuffer().catch(() => undefined);
  if (turn !== current.turn) return undefined;
  if (!bytes) return show("could-not-check", "The file cannot be read.", { code: "page-not-read" });
  return check(new Uint8Array(bytes));
}

$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
// A verdict never outlives what it was about.
for (const id of ["anchor", "text"]) {
  $(id).addEventListener("input", () => {
    current = { bytes: current.bytes, turn: current.turn + 1 };
    clear();
    clearMany();
    show("not-checked", "Something changed since the last check.");
  });
}
$("file").addEventListener("change", () => {
  $("text").value = "";
  submit();
});
$("open").addEventListener("submit", async (event) => {
  event.preventDefault();
  const [file] = $("key-file").files;
  const key = file ? await file.text() : $("key").value;
  $("key").value = "";
  $("key-file").value = "";
  await open(key.trim());
});
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("over");
});
for (const name of ["dragleave", "drop"]) document.addEventListener(name, () => document.body.classList.remove("over"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  dropped([...event.dataTransfer.files]);
});
// Whoever made the link chose its anchor, and may have chosen the receipts too.
linked = (new URLSearchParams(location.hash.slice(1)).get("anchor") ?? "").trim();
if (linked) $("anchor").value = linked;
sayOrigin();
