"use strict";
// What pages do beyond plain forms: times in the reader's zone, charts, dropped files, the end of a
// watched file. Every page can be read and every action done without it.

function localTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    const told = at.toLocaleString(document.documentElement.lang, { dateStyle: "full", timeStyle: "medium" });
    if (time.title !== told) time.title = told;
    if ("clock" in time.dataset) time.textContent = at.toLocaleTimeString(document.documentElement.lang, { timeStyle: "short" });
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

// Charts by their place: what is drawn, and with which figures.
const drawn = new Map();
const MOST_POINTS = 600;

function clock(_, marks, __, ___, step) {
  const form = step >= 86400 ? { dateStyle: "short" } : { timeStyle: step < 60 ? "medium" : "short" };
  const format = new Intl.DateTimeFormat(document.documentElement.lang, { ...form, ...(step < 86400 && { hourCycle: "h23" }) });
  return marks.map((at) => format.format(at * 1000));
}

function draw(place) {
  const known = drawn.get(place);
  const data = known?.data ?? JSON.parse(document.getElementById(place.dataset.chart).textContent);
  known?.observer?.disconnect();
  known?.chart?.destroy();
  drawn.set(place, { data });
  if (data.at.length < 3) return;
  const shade = colours();
  const axis = { stroke: shade.text, grid: { stroke: shade.line, width: 1 }, ticks: { show: false }, font: "12px Inter, sans-serif" };
  const series = data.series.map((one) => one.bad
    ? { label: one.name, stroke: shade.bad, width: 1.5, dash: [4, 3], points: { show: false } }
    : { label: one.name, stroke: shade.good, fill: shade.wash, width: 2, points: { show: false } });
  place.replaceChildren();
  const chart = new uPlot({
    width: place.clientWidth, height: 220, legend: { show: false }, cursor: { y: false },
    scales: { x: { time: true }, y: { range: (_, low, high) => [0, Math.max(1, high * 1.1)] } },
    axes: [{ ...axis, space: 80, values: clock }, { ...axis, size: 48 }], series: [{}, ...series],
  }, columns(data), place);
  const observer = new ResizeObserver(() => chart.setSize({ width: place.clientWidth, height: 220 }));
  observer.observe(place);
  drawn.set(place, { data, chart, observer });
}

function columns(data) {
  return [data.at, ...data.series.map((one) => one.values)];
}

function charts() {
  if (typeof uPlot === "undefined") return;
  document.querySelectorAll("[data-chart]").forEach(draw);
}

// A watched file tells its counts again and again: what lies between two of them is the pace.
let counted = null;

function count() {
  const figures = document.getElementById("figures");
  if (!figures) return null;
  return { done: Number(figures.dataset.done), failed: Number(figures.dataset.failed), at: performance.now() / 1000 };
}

function grow() {
  const now = count();
  const place = document.querySelector("[data-chart]");
  const data = place && drawn.get(place)?.data;
  const before = counted;
  counted = now;
  const passed = now && before ? now.at - before.at : 0;
  if (!data || passed < 0.2 || now.done < before.done) return;
  data.at.push((data.at.at(-1) ?? Date.now() / 1000) + passed);
  data.series[0].values.push((now.done - before.done) / passed);
  data.series[1].values.push((now.failed - before.failed) / passed);
  for (const column of columns(data)) if (column.length > MOST_POINTS) column.shift();
  const chart = drawn.get(place).chart;
  if (chart) chart.setData(columns(data));
  else draw(place);
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
  counted = count();
  document.querySelector(".rail [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
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
document.addEventListener("htmx:after:swap", () => { localTimes(document); grow(); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", charts);
