"use strict";
// What pages do beyond plain forms: times in the reader's zone, charts, dropped files, the end of a
// watched file. Every page can be read and every action done without it.

function localTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    time.title = at.toLocaleString(document.documentElement.lang, { dateStyle: "full", timeStyle: "medium" });
  }
}

function colours() {
  const probe = document.createElement("span");
  document.body.append(probe);
  const read = (name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const found = { line: read("--line"), text: read("--quiet"), good: read("--blue"), bad: read("--bad-fill"), wash: read("--blue-wash") };
  probe.remove();
  return found;
}

function draw(place) {
  const data = JSON.parse(document.getElementById(place.dataset.chart).textContent);
  const shade = colours();
  const axis = { stroke: shade.text, grid: { stroke: shade.line, width: 1 }, ticks: { show: false }, font: "12px Inter, sans-serif" };
  const series = data.series.map((one) => one.bad
    ? { label: one.name, stroke: shade.bad, width: 1.5, dash: [4, 3], points: { show: false } }
    : { label: one.name, stroke: shade.good, fill: shade.wash, width: 2, points: { show: data.at.length < 3 } });
  place.replaceChildren();
  const chart = new uPlot({
    width: place.clientWidth, height: 220, legend: { show: false }, cursor: { y: false },
    scales: { x: { time: true }, y: { range: (_, low, high) => [0, Math.max(1, high * 1.1)] } },
    axes: [axis, { ...axis, size: 48 }], series: [{}, ...series],
  }, [data.at, ...data.series.map((one) => one.values)], place);
  new ResizeObserver(() => chart.setSize({ width: place.clientWidth, height: 220 })).observe(place);
}

function charts() {
  if (typeof uPlot === "undefined") return;
  document.querySelectorAll("[data-chart]").forEach(draw);
}

function dropping() {
  for (const zone of document.querySelectorAll("[data-drop]")) {
    const input = zone.querySelector("input[type=file]");
    const mark = (on) => zone.classList.toggle("over", on);
    zone.addEventListener("dragover", (event) => { event.preventDefault(); mark(true); });
    zone.addEventListener("dragleave", () => mark(false));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      mark(false);
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
}

// A one-time token stands behind the #, which browsers never send: it is posted, and forgotten here.
function welcome() {
  const form = document.querySelector("form[data-fragment]");
  const token = window.location.hash.slice(1);
  if (!form || !token) return;
  window.history.replaceState(null, "", window.location.pathname);
  form.elements.token.value = token;
  form.requestSubmit();
}

document.addEventListener("DOMContentLoaded", () => {
  welcome();
  localTimes(document);
  charts();
  dropping();
  // What has ended is shown whole: rows, chart and actions are other ones then.
  document.querySelectorAll("[data-reload]").forEach((place) =>
    place.addEventListener(place.dataset.reload, () => window.location.reload()));
  document.querySelectorAll("[data-sure]").forEach((button) =>
    button.addEventListener("click", (event) => { if (!window.confirm(button.dataset.sure)) event.preventDefault(); }));
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) { menu.open = false; menu.querySelector("summary").focus(); }
  });
});
document.addEventListener("htmx:after:swap", () => localTimes(document));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", charts);
