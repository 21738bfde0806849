"use strict";
// The board kept true: columns unfolded further, and what colleagues change, shown when nothing is in
// the reader's hand. The address keeps the filters; the cards that stay are the same elements, so
// that the focus stays where it is.

const parsed = async (address) => {
  const answer = await fetch(address);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
};

// --- Unfolding ------------------------------------------------------------------------------------
// The next cards of a column: `page` is where its link leads to.
function append(stage, page) {
  const link = stage.querySelector("[data-more]");
  const known = new Set(cardsOf(stage).map((card) => card.id));
  const cards = [...page.querySelectorAll(".stage .ticket")].filter((card) => !known.has(card.id));
  const next = page.querySelector("a[rel=next]");
  stage.querySelector("ol").append(...cards.map((card) => stage.ownerDocument.adoptNode(card)));
  const left = Number(link.dataset.left ?? link.textContent.replace(/\D/g, "")) - cards.length;
  if (next && left > 0) {
    link.textContent = link.textContent.replace(/\d[\d\s.,\u202f\u00a0]*/, `${left.toLocaleString(document.documentElement.lang)} `);
    link.dataset.left = left;
    link.href = next.getAttribute("href");
  } else link.remove();
  stage.dataset.unfolded = cardsOf(stage).length;
  return cards;
}

async function onMore(event) {
  const link = event.target.closest?.("[data-more]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const stage = link.closest(".stage");
  try {
    const cards = append(stage, await parsed(link.href));
    localTimes(stage);
    draggable(stage);
    focusOn(cards[0]);
  } catch { location.assign(link.href); }
}

// A fresh board comes folded: each column is unfolded as far as the one that it replaces.
async function unfold(fresh) {
  for (const old of there().querySelectorAll(".stage[data-unfolded]")) {
    const stage = fresh.querySelector(`.stage[data-stage="${old.dataset.stage}"]`);
    while (stage && cardsOf(stage).length < Number(old.dataset.unfolded)) {
      const link = stage.querySelector("[data-more]");
      if (!link || !append(stage, await parsed(link.getAttribute("href"))).length) break;
    }
  }
}

// --- What colleagues change -----------------------------------------------------------------------
let source = null;
let isLooking = false;
// The stream's last word: the board is true when it carries the same as its mark.
let latest = null;

// An open list, a card in the air, a move under way: the change waits until that is over.
function isInHand() {
  const at = document.activeElement;
  return dragged.length > 0 || there().hasAttribute("aria-busy") || (at?.matches("select") && there().contains(at));
}

// A picked card stays picked while it stands where it was picked.
function keepPick(old, card) {
  const [was, is] = [old, card].map((one) => one?.querySelector("[type=checkbox]"));
  if (was?.checked && is?.value === was.value) is.checked = true;
}

function mergeStage(old, fresh) {
  const list = old.querySelector("ol");
  let at = list.firstElementChild;
  for (const card of cardsOf(fresh)) {
    const here = document.getElementById(card.id);
    if (here && here === at && here.dataset.was === card.dataset.was) { at = at.nextElementSibling; continue; }
    if (here?.dataset.was === card.dataset.was) { list.insertBefore(here, at); continue; }
    if (here && here === at) at = at.nextElementSibling;
    list.insertBefore(document.adoptNode(card), at);
    keepPick(here, card);
    here?.remove();
  }
  while (at) { const next = at.nextElementSibling; at.remove(); at = next; }
  old.querySelector("h2 span").textContent = fresh.querySelector("h2 span").textContent;
  for (const part of [".nobody", "[data-more]"]) {
    old.querySelector(part)?.remove();
    const other = fresh.querySelector(part);
    if (other) old.append(document.adoptNode(other));
  }
}

function merge(fresh) {
  const stages = [...there().querySelectorAll(".stage")];
  const counterpart = (stage) => fresh.querySelector(`.stage[data-stage="${stage.dataset.stage}"]`);
  const bulk = (board) => Boolean(board.querySelector("#bulk"));
  if (!stages.length || !stages.every(counterpart) || bulk(there()) !== bulk(fresh)) return place(document.adoptNode(fresh));
  const had = document.activeElement;
  const [holder, column] = [had.closest?.(".ticket")?.id, had.closest?.(".stage")?.dataset.stage];
  const what = had.matches("a") ? "a" : "[type=checkbox]";
  stages.forEach((stage) => mergeStage(stage, counterpart(stage)));
  const [tabs, others] = [there(), fresh].map((board) => board.querySelectorAll(".tabs span"));
  tabs.forEach((count, place) => { count.textContent = others[place]?.textContent ?? count.textContent; });
  localTimes(there());
  draggable(there());
  countPicked();
  if (!holder || document.activeElement === had) return;
  // The focus follows its card into another column, and the page does not scroll for it.
  const card = document.getElementById(holder);
  (card?.querySelector(what) ?? card?.querySelector("a") ?? document.getElementById(`stage-${column}`)).focus({ preventScroll: true });
}

async function look() {
  const board = there();
  if (isLooking || isInHand() || !latest || latest === board.dataset.mark) return;
  isLooking = true;
  try {
    const fresh = (await parsed(location.href)).getElementById("board");
    // The sign-in has ended or the job is gone: the next action will say it.
    if (!fresh) { source?.close(); return; }
    await unfold(fresh);
    if (isInHand() || there() !== board) return;
    const { mark } = fresh.dataset;
    merge(fresh);
    there().dataset.mark = mark;
    say(there().dataset.changed);
  } catch {
    // The next word of the stream tries again.
  } finally { isLooking = false; }
}

function listen() {
  const address = there()?.dataset.events;
  source?.close();
  if (!address || document.hidden) return;
  source = new EventSource(address);
  source.addEventListener("message", (event) => {
    latest = event.data;
    look();
  });
}

document.addEventListener("DOMContentLoaded", listen);
document.addEventListener("visibilitychange", listen);
document.addEventListener("click", onMore);
// What had to wait is shown once the hand is free; the focus has moved on by then.
for (const over of ["focusout", "dragend", "drop"]) document.addEventListener(over, () => setTimeout(look));
