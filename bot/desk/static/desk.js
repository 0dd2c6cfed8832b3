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

  // The writer goes on writing after sending: new controls get the focus that the old ones had.
  // What is half written when somebody else changes the controls isn't lost either.
  let focused = false;
  let draft = "";
  const remember = () => {
    const box = controls.querySelector("[data-send]");
    focused = controls.contains(document.activeElement);
    draft = box ? box.value : "";
  };
  controls.addEventListener("submit", (event) => {
    remember();
    if (event.target.querySelector("[data-send]")) draft = "";
    atEnd = true;
  }, { capture: true });
  controls.addEventListener("input", remember);
  controls.addEventListener("focusin", remember);
  new MutationObserver(() => {
    const box = controls.querySelector("[data-send]");
    if (!box) return;
    if (draft && !box.value) box.value = draft;
    if (focused && !controls.contains(document.activeElement)) box.focus();
  }).observe(controls, { childList: true });
})();
