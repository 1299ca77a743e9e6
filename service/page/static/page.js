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

function showPart() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const part = (target && target.closest(".part")) || $(".part");
  root.dataset.part = part.id;
  for (const section of $$(".part")) section.hidden = section !== part;
  for (const link of $$(".parts a")) {
    if (link.hash === `#${part.id}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
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
  const label = button.textContent;
  await copyText(button.dataset.copy);
  button.textContent = "Copied";
  announce("Copied");
  setTimeout(() => { button.textContent = label; }, 1500);
}

// --- numbers and times in the reader's locale ------------------------------------------------------

function localise(within) {
  for (const item of $$("data.number", within)) {
    const text = item.textContent;
    const digits = (text.split(".")[1] || "").length;
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

// Where the focus is, as a way down from the part: the same element of what replaces it.
function pathOfFocus(within) {
  let item = document.activeElement;
  if (!item || !within.contains(item)) return null;
  const path = [];
  for (; item !== within; item = item.parentElement) path.unshift([...item.parentElement.children].indexOf(item));
  return path;
}

function replacePart(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  for (const after of [...template.content.children]) {
    const before = document.getElementById(after.id);
    if (!before) continue;
    const focus = pathOfFocus(before);
    const restore = keepState(before, after);
    localise(after);
    before.replaceWith(after);
    restore();
    if (focus) focus.reduce((item, index) => item && item.children[index], after)?.focus?.({ preventScroll: true });
  }
}

let source = null;
let seen = document.body?.dataset.seen || "";
let lastHeard = Date.now();

function connect() {
  if (source) source.close();
  const query = new URLSearchParams({ as: "html", seen });
  // The page stays with its lesson: with a commit in its midst, which makes the next one the lesson
  // in progress, the reader is not yet at its end.
  const lesson = $("#part-lessons")?.dataset.lesson;
  if (lesson) query.set("lesson", lesson);
  source = new EventSource(`./events?${query}`);
  source.addEventListener("open", () => { setConnection(""); });
  source.addEventListener("error", () => {
    setConnection("The service does not answer. This page waits for it.");
    // A browser tries again by itself after a cut, and never after an answer such as 503.
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 2000);
  });
  for (const name of ["lessons", "pipeline", "results", "try"]) {
    source.addEventListener(name, (event) => {
      seen = event.lastEventId;
      lastHeard = Date.now();
      replacePart(event.data);
      root.dataset.updates = Number(root.dataset.updates || 0) + 1;
    });
  }
}

function setConnection(text) {
  const line = $("#connection");
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
  // After a sleep the connection may be dead without anybody having been told.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && Date.now() - lastHeard > 60_000) { lastHeard = Date.now(); connect(); }
  });
  addEventListener("online", connect);
}

start();
