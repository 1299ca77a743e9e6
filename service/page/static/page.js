// What is live on the page: it shows whatever the server sends, copies commands, and sends posters.
"use strict";

const root = document.documentElement;
const $ = (selector, within = document) => within.querySelector(selector);
const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];

// A browser may refuse to store anything: then a choice holds for this page alone.
const stored = {
  get(key) { try { return localStorage.getItem(key); } catch { return null; } },
  set(key, value) { try { localStorage.setItem(key, value); } catch { /* not kept */ } },
};

// --- the parts as tabs -------------------------------------------------------------------------

function targetOfAddress() {
  try {
    return document.getElementById(decodeURIComponent(location.hash.slice(1)));
  } catch { // "#%": no address of ours
    return null;
  }
}

function showPart() {
  const target = targetOfAddress();
  // An address of no part, as that of "Skip to the content", leaves the one that is shown.
  const shown = location.hash && document.getElementById(root.dataset.part);
  const part = target?.closest(".part") || shown || $(".part");
  root.dataset.part = part.id;
  for (const section of $$(".part")) section.hidden = section !== part;
  for (const link of $$(".parts a")) {
    if (link.hash === `#${part.id}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  for (const drawing of $$(".drawing", part)) { // the first stages stand in the middle
    if (!drawing.scrollLeft) drawing.scrollLeft = (drawing.scrollWidth - drawing.clientWidth) / 2;
  }
  if (target && target !== part && target.matches(".stage, .check")) {
    for (let item = target; item !== part; item = item.parentElement) if (item.matches("details")) item.open = true;
    if (target.matches(".check")) $("details", target).open = true;
    target.scrollIntoView({ block: "nearest" });
    target.focus({ preventScroll: true });
  }
}

// --- choices of the reader -----------------------------------------------------------------------

function setUpSwitches() {
  for (const select of $$(".switches select")) {
    const key = select.id;
    const value = stored.get(key);
    if (value && [...select.options].some((option) => option.value === value)) select.value = value;
    else if (key === "shell") select.value = /Win/.test(navigator.platform) ? "powershell" : "bash";
    const apply = () => { root.dataset[key] = select.value; };
    select.addEventListener("change", () => { stored.set(key, select.value); apply(); });
    apply();
  }
  $(".switches").hidden = false;
}

// --- commands to copy ------------------------------------------------------------------------------

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // over http from another machine there is no clipboard
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

async function onCopy(button) {
  await copyText(button.dataset.copy);
  announce("Copied");
  if (button.dataset.label) return; // clicked again: it says so already
  button.dataset.label = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => {
    button.textContent = button.dataset.label;
    delete button.dataset.label;
  }, 1500);
}

// --- numbers and times in the reader's locale ------------------------------------------------------

function localise(within) {
  for (const item of $$("data.number", within)) {
    const text = item.textContent;
    const digits = (text.split(".")[1] || "").length;
    if (!/^[+-]?[0-9]+([.][0-9]+)?$/.test(text)) continue; // written already
    item.textContent = new Intl.NumberFormat(undefined, {
      minimumFractionDigits: digits, maximumFractionDigits: digits,
      signDisplay: /^[+-]/.test(text) ? "exceptZero" : "auto",
    }).format(Number(item.value));
  }
  for (const item of $$("time.since", within)) {
    item.textContent = new Date(Number(item.dateTime) * 1000).toLocaleTimeString();
  }
}

// --- what the server sends -------------------------------------------------------------------------

function keepState(before, after) {
  const open = new Map($$("details[data-key]", before).map((item) => [item.dataset.key, item.open]));
  for (const item of $$("details[data-key]", after)) {
    if (open.has(item.dataset.key)) item.open = open.get(item.dataset.key);
  }
  const scrolled = $$(".drawing, .scroll", before).map((item) => [item.scrollLeft, item.scrollTop]);
  return () => {
    $$(".drawing, .scroll", after).forEach((item, index) => {
      if (scrolled[index]) [item.scrollLeft, item.scrollTop] = scrolled[index];
    });
  };
}

// Where the focus is: the nearest element with a name of its own, and the way down from it.
const NAMED = "[id], [data-key]";

function placeOfFocus(within) {
  const focused = document.activeElement;
  if (!focused || focused === within || !within.contains(focused)) return null;
  const path = [];
  let item = focused;
  for (; !item.matches(NAMED); item = item.parentElement) {
    path.unshift([...item.parentElement.children].indexOf(item));
  }
  const names = [];
  for (let named = item; named && named !== within; named = named.parentElement.closest(NAMED)) {
    names.push(named.id ? ["id", named.id] : ["data-key", named.dataset.key]);
  }
  return { path, names, kind: focused.tagName };
}

// The same element of what replaces the part; where it is gone, what it stood in.
function focusAgain(place, after) {
  let named = null;
  let isSame = true;
  for (const [attribute, name] of place.names) {
    named = $(`[${attribute}="${CSS.escape(name)}"]`, after);
    if (named) break;
    isSame = false;
  }
  const same = isSame && place.path.reduce((item, index) => item?.children[index], named || after);
  const target = same?.tagName === place.kind ? same : $("summary", named || after) || named || after;
  if (!target.matches("a, button, summary, input, select, [tabindex]")) target.tabIndex = -1;
  target.focus({ preventScroll: true });
}

function replacePart(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  for (const after of [...template.content.children]) {
    const before = document.getElementById(after.id);
    if (!before) continue;
    const place = placeOfFocus(before);
    const restore = keepState(before, after);
    localise(after);
    const said = textToSay(before);
    before.replaceWith(after);
    restore();
    if (place) focusAgain(place, after);
    // A screen reader tells what changes in an element, and not what comes in place of one.
    if (textToSay(after) !== said) announce(textToSay(after));
  }
}

function textToSay(part) {
  const item = $(".next > p, .summary", part);
  return item ? item.textContent.trim() : "";
}

let source = null;
let seen = document.body?.dataset.seen || "";
let again = 0;

function connect() {
  disconnect();
  // A browser keeps six connections to a host: with a seventh tab none would be left to load it.
  if (document.hidden) return;
  const query = new URLSearchParams({ as: "html", seen });
  // The page stays with its lesson: with a commit in its midst, which makes the next one the lesson
  // in progress, the reader is not yet at its end.
  const lesson = $("#part-lessons")?.dataset.lesson;
  if (lesson) query.set("lesson", lesson);
  const own = source = new EventSource(`./events?${query}`);
  source.addEventListener("open", () => { setConnection(""); });
  source.addEventListener("error", () => {
    if (own !== source) return;
    setConnection("The service does not answer. This page waits for it.");
    // A browser tries again by itself after a cut, and never after an answer such as 503.
    if (source.readyState === EventSource.CLOSED) again = setTimeout(connect, 2000);
  });
  for (const name of ["lessons", "pipeline", "results", "try"]) {
    source.addEventListener(name, (event) => {
      seen = event.lastEventId;
      replacePart(event.data);
      root.dataset.updates = Number(root.dataset.updates || 0) + 1;
    });
  }
}

function disconnect() {
  clearTimeout(again);
  source?.close();
  source = null;
}

function setConnection(text) {
  const line = $("#connection");
  if (line.textContent !== text && text) announce(text);
  line.textContent = text;
  line.hidden = !text;
}

function announce(text) {
  $("#said").textContent = text;
}

// --- posters ---------------------------------------------------------------------------------------

let trial = 0;

async function tryPosters(body, query, pictures) {
  const own = ++trial;
  const answer = $("#answer");
  answer.setAttribute("aria-busy", "true");
  answer.innerHTML = "<p class=\"quiet\">The model looks at it…</p>";
  let html;
  try {
    const response = await fetch(`./try?part=1${query}`, { method: "POST", body });
    html = await response.text();
    if (!(response.headers.get("content-type") || "").startsWith("text/html")) {
      const problem = JSON.parse(html);
      html = "<div class=\"problem\"><p class=\"detail\"></p><p class=\"do\"></p></div>";
      showAnswer(own, html, pictures);
      if (own === trial) {
        $(".problem .detail", answer).textContent = problem.detail;
        $(".problem .do", answer).textContent = `Do this: ${problem.fix}`;
      }
      return;
    }
  } catch {
    html = "<div class=\"problem\"><p class=\"detail\">The service does not answer.</p><p>Start it again, then send the poster again.</p></div>";
  }
  showAnswer(own, html, pictures);
}

function showAnswer(own, html, pictures) {
  if (own !== trial) return; // another poster was sent meanwhile
  const answer = $("#answer");
  for (const image of $$("img", answer)) if (image.src.startsWith("blob:")) URL.revokeObjectURL(image.src);
  answer.innerHTML = html;
  answer.removeAttribute("aria-busy");
  for (const poster of $$(".poster", answer)) {
    const source = pictures[Number(poster.dataset.index)];
    if (!source) continue;
    const image = document.createElement("img");
    image.alt = "";
    image.src = source;
    poster.prepend(image);
  }
  localise(answer);
  answer.scrollIntoView({ block: "nearest" });
}

function tryFiles(files) {
  if (!files.length) return;
  const form = new FormData();
  for (const file of files) form.append("file", file, file.name || "poster");
  tryPosters(form, "", files.map((file) => URL.createObjectURL(file)));
}

function setUpPosters() {
  document.addEventListener("submit", (event) => {
    const sample = event.submitter?.dataset.sample;
    if (sample) {
      event.preventDefault();
      const name = encodeURIComponent(sample);
      tryPosters(null, `&sample=${name}`, [`./samples/${name}`]);
    } else if (event.target.id === "try-form") {
      event.preventDefault();
      tryFiles([...$("#try-file").files]);
    }
  });
  document.addEventListener("change", (event) => {
    if (event.target.id === "try-file") tryFiles([...event.target.files]);
  });
  const isFiles = (event) => event.dataTransfer && [...event.dataTransfer.types].includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!isFiles(event)) return;
    event.preventDefault();
    $("#try").classList.add("over");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) $("#try").classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    if (!isFiles(event)) return;
    event.preventDefault();
    $("#try").classList.remove("over");
    location.hash = "#try";
    tryFiles([...event.dataTransfer.files]);
  });
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files || [])];
    if (!files.length) return;
    location.hash = "#try";
    tryFiles(files);
  });
}

function start() {
  root.classList.add("js");
  setUpSwitches();
  showPart();
  localise(document.body);
  addEventListener("hashchange", showPart);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button.copy");
    if (button) onCopy(button);
  });
  setUpPosters();
  connect();
  // A tab that nobody sees needs no events, and one that is seen again catches up.
  document.addEventListener("visibilitychange", connect);
  addEventListener("online", connect);
}

start();
