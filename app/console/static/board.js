"use strict";
// The board by hand: cards are dragged, moved by keys and picked; the same forms do it without this
// file. Each move is sent as its form would be, and the page that answers takes the board's place.

const there = () => document.getElementById("board");
const cardsOf = (stage) => [...stage.querySelectorAll(".ticket")];
const nextOf = (card) => card.querySelector("form select");
const pickOf = (card) => card.querySelector("form [name=pick]")?.value;
const say = (text) => { document.getElementById("said").textContent = text; };

function focusOn(card) {
  const link = card?.querySelector("a");
  link?.focus();
  link?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function picked() {
  return [...there().querySelectorAll(".ticket [type=checkbox]:checked")];
}

function countPicked() {
  const form = document.getElementById("bulk");
  if (!form) return;
  const count = picked().length;
  const words = form.querySelector("[data-count]");
  words.dataset.usual ??= words.textContent;
  words.textContent = count ? `${there().dataset.picked.replace("{n}", count)} · ${words.dataset.usual}` : words.dataset.usual;
  form.classList.toggle("has", count > 0);
}

function place(fresh) {
  const old = there();
  const from = old.querySelector(".board")?.scrollLeft ?? 0;
  old.replaceWith(fresh);
  const board = fresh.querySelector(".board");
  if (board) board.scrollLeft = from;
  localTimes(fresh);
  draggable(fresh);
  countPicked();
}

async function send(picks, to, note, focus) {
  const form = new URLSearchParams(picks.map((pick) => ["pick", pick]));
  form.append("to", to);
  if (note) form.append("note", note);
  there().setAttribute("aria-busy", "true");
  say(there().dataset.moving);
  try {
    const answer = await fetch(location.pathname + location.search, { method: "POST", body: form });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("board");
    // Another page answers when the sign-in has ended or the job is gone: it is shown as it is.
    if (!fresh) { location.assign(answer.redirected ? answer.url : location.href); return; }
    await unfold(fresh);
    place(document.adoptNode(fresh));
    const told = [...there().querySelectorAll("#told, #refused")].map((one) => one.innerText.trim());
    // Said by the one region that stays; a second voice inside the new board would say it twice.
    there().querySelectorAll("#told, #refused").forEach((one) => one.removeAttribute("role"));
    say(told.join(" "));
    const card = focus && document.getElementById(focus);
    if (card) focusOn(card); else document.getElementById(`stage-${to}`)?.focus();
    look();
  } catch {
    there().removeAttribute("aria-busy");
    say(there().dataset.lost);
    window.alert(there().dataset.lost);
  }
}

function neighbour(card, key) {
  const stage = card.closest(".stage");
  const cards = cardsOf(stage);
  const at = cards.indexOf(card);
  if (key === "ArrowDown") return cards[at + 1];
  if (key === "ArrowUp") return cards[at - 1];
  const stages = [...there().querySelectorAll(".stage")].filter((one) => one === stage || cardsOf(one).length);
  const beside = stages[stages.indexOf(stage) + (key === "ArrowRight" ? 1 : -1)];
  if (!beside) return undefined;
  const others = cardsOf(beside);
  return others[Math.min(at, others.length - 1)];
}

function onKey(event) {
  const card = event.target.closest?.(".ticket");
  if (!card || event.ctrlKey || event.altKey || event.metaKey) return;
  const onCard = event.target.matches("a, [type=checkbox]");
  if (!onCard) return;
  if (event.shiftKey && event.key === "ArrowRight") {
    event.preventDefault();
    const next = nextOf(card);
    if (next) send([pickOf(card)], next.options[0].value, "", card.id); else say(there().dataset.cannot);
  } else if (!event.shiftKey && event.key.startsWith("Arrow")) {
    event.preventDefault();
    focusOn(neighbour(card, event.key));
  } else if (event.key === " " && event.target.matches("a")) {
    event.preventDefault();
    card.querySelector("[type=checkbox]")?.click();
  }
}

function onSubmit(event) {
  const form = event.target;
  if (form.method !== "post" || !there().contains(form)) return;
  event.preventDefault();
  const card = form.closest(".ticket");
  const to = form.elements.to.value;
  if (card) send([pickOf(card)], to, "", card.id);
  else send(picked().map((box) => box.value), to, form.elements.note.value, picked()[0]?.closest(".ticket").id);
}

// --- Dragging -------------------------------------------------------------------------------------
let dragged = [];

function draggable(root) {
  for (const card of root.querySelectorAll(".ticket")) if (nextOf(card)) card.draggable = true;
}

const goes = (card, stage) => [...nextOf(card).options].some((one) => one.value === stage.dataset.stage);
const mayDrop = (stage) => dragged.length > 0 && dragged.some((card) => goes(card, stage));

function onDragStart(event) {
  const card = event.target.closest?.(".ticket");
  if (!card) return;
  const isPicked = card.querySelector("[type=checkbox]").checked;
  dragged = isPicked ? picked().map((box) => box.closest(".ticket")) : [card];
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", card.id);
  dragged.forEach((one) => one.classList.add("dragged"));
  there().querySelectorAll(".stage").forEach((stage) => stage.classList.toggle("may", mayDrop(stage)));
}

function onDragOver(event) {
  const stage = event.target.closest?.(".stage");
  there().querySelectorAll(".stage.over").forEach((one) => one.classList.toggle("over", one === stage));
  if (!stage || !mayDrop(stage)) return;
  event.preventDefault();
  stage.classList.add("over");
}

function endDrag() {
  dragged.forEach((card) => card.classList.remove("dragged"));
  dragged = [];
  there().querySelectorAll(".stage").forEach((stage) => stage.classList.remove("may", "over"));
}

function onDrop(event) {
  const stage = event.target.closest?.(".stage");
  if (!stage || !mayDrop(stage)) return;
  event.preventDefault();
  const cards = dragged;
  endDrag();
  send(cards.map(pickOf), stage.dataset.stage, "", cards[0].id);
}

document.addEventListener("DOMContentLoaded", () => {
  draggable(document);
  countPicked();
  const said = [...there().querySelectorAll("#told, #refused")].map((one) => one.innerText.trim()).join(" ");
  if (said) say(said);
});
document.addEventListener("keydown", onKey);
document.addEventListener("submit", onSubmit);
document.addEventListener("change", (event) => {
  if (!event.target.matches(".ticket [type=checkbox]")) return;
  // As many as one form may send.
  if (picked().length > 200) event.target.checked = false;
  countPicked();
});
document.addEventListener("dragstart", onDragStart);
document.addEventListener("dragover", onDragOver);
document.addEventListener("drop", onDrop);
document.addEventListener("dragend", endDrag);
