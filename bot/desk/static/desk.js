// What HTML and htmx can't say by themselves; the desk works without it.
(() => {
  "use strict";

  // Ctrl+Enter (or Cmd+Enter) sends what is being written.
  document.addEventListener("keydown", (event) => {
    const box = event.target;
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    if (!(box instanceof HTMLTextAreaElement) || !("send" in box.dataset)) return;
    event.preventDefault();
    box.form.requestSubmit();
  });

  // Nothing that fails on its way fails silently: neither a live stream nor what was sent. What
  // an agent could not send is said until it is sent, whatever else gets through meanwhile.
  const offline = document.getElementById("offline");
  let streamFails = false;
  let unsent = null;
  const say = () => { if (offline) offline.hidden = !(streamFails || unsent); };
  const note = (element, failing) => {
    if (element instanceof HTMLFormElement) {
      if (failing) unsent = element;
      else if (unsent && (unsent === element || !unsent.isConnected)) unsent = null;
    } else streamFails = failing;
    say();
  };
  document.addEventListener("htmx:error", (event) => {
    note(event.detail.ctx?.sourceElement, true);
  });
  document.addEventListener("htmx:sse:error", () => note(null, true));
  document.addEventListener("htmx:sse:after:connection", () => note(null, false));
  document.addEventListener("htmx:after:request", (event) => {
    const { sourceElement, response } = event.detail.ctx;
    note(sourceElement, response.status >= 500);
  });

  const controls = document.getElementById("controls");
  const transcript = document.getElementById("transcript");
  if (!controls || !transcript) return;

  // On a narrow page the facts come before the talk: they open when asked for.
  if (matchMedia("(max-width: 800px)").matches) {
    document.querySelector("#story details")?.removeAttribute("open");
  }

  // New messages stay in view for those who read the end, and don't move those who read back.
  // The transcript scrolls by itself on a wide page, with the whole page on a narrow one.
  let atEnd = true;
  const scroller = () =>
    getComputedStyle(transcript).overflowY === "auto" ? transcript : document.scrollingElement;
  const toEnd = () => { scroller().scrollTop = scroller().scrollHeight; };
  const look = () => {
    const { scrollHeight, scrollTop, clientHeight } = scroller();
    atEnd = scrollHeight - scrollTop - clientHeight < 60;
  };
  transcript.addEventListener("scroll", look, { passive: true });
  document.addEventListener("scroll", look, { passive: true });
  new MutationObserver(() => { if (atEnd) toEnd(); })
    .observe(transcript, { childList: true, subtree: true });
  // Whoever hasn't accepted on a narrow page reads the story first.
  if (scroller() === transcript || controls.querySelector(".reply")) toEnd();
  else atEnd = false;

  // The writer goes on writing after sending or accepting: the new controls get the focus.
  // What is half written isn't lost when somebody else's doing changes the controls.
  let sending = false;
  let draft = "";
  const box = () => controls.querySelector("[data-send]");
  controls.addEventListener("input", () => { draft = box()?.value ?? ""; });
  controls.addEventListener("submit", () => { sending = true; atEnd = true; }, { capture: true });
  document.addEventListener("htmx:error", () => { sending = false; });
  new MutationObserver(() => {
    const here = box();
    if (!here) return;
    if (sending) {
      here.focus();
      draft = "";
    } else if (draft && !here.value) {
      here.value = draft;
    }
    sending = false;
  }).observe(controls, { childList: true });
})();
