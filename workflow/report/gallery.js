"use strict";
// Everything here works on what is already in the page; the only thing ever asked for is an original picture's file.
const byId = (id) => document.getElementById(id);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const clusters = all(".cluster");
const outliers = byId("outliers");
const indexContent = byId("index-content") && JSON.parse(byId("index-content").textContent);
const signed = (text) => text.replace("-", "−");
const many = (count, one, more) => `${count.toLocaleString("en")} ${count === 1 ? one : more}`;

// --- finding, sorting ---------------------------------------------------------------------------------------------
const MANY_MEMBERS = 24;
const find = byId("find");
const doubtful = byId("doubtful");

function show() {
  const wanted = find.value.trim().toLowerCase();
  let pictures = 0;
  let shown = 0;
  for (const cluster of clusters) {
    let hits = 0;
    const pics = all(".pic", cluster);
    for (const pic of pics) {
      const hit = pic.dataset.path.toLowerCase().includes(wanted);
      // The other members stay, dimmed: what a picture was put together with is what one wants to see. Not hundreds.
      pic.classList.toggle("unmatched", !hit);
      pic.hidden = !hit && pics.length > MANY_MEMBERS && !pic.matches(".rep");
      hits += hit;
    }
    cluster.hidden = !hits || Boolean(doubtful && doubtful.checked && cluster.dataset.chained === "0");
    if (!cluster.hidden) { pictures += hits; shown += 1; }
  }
  let alone = 0;
  if (outliers) {
    for (const pic of all(".pic", outliers)) {
      pic.hidden = !pic.dataset.path.toLowerCase().includes(wanted);
      alone += !pic.hidden;
    }
    outliers.hidden = Boolean((doubtful && doubtful.checked) || !alone);
    if (wanted && alone) outliers.open = true;
  }
  const narrowed = wanted || (doubtful && doubtful.checked);
  byId("found").textContent = narrowed ? `${many(pictures, "picture", "pictures")} in ${many(shown, "cluster", "clusters")}${outliers && !outliers.hidden ? `, ${many(alone, "outlier", "outliers")}` : ""}` : "";
  showElsewhere(wanted);
}

function showElsewhere(wanted) {
  const notice = byId("elsewhere");
  const links = [];
  const link = (href, text) => Object.assign(document.createElement("a"), { href, textContent: text });
  const hash = `#find=${encodeURIComponent(wanted)}`;
  if (wanted && indexContent && indexContent.names) {
    indexContent.names.forEach((names, i) => {
      const hits = i && names.filter((name) => name.toLowerCase().includes(wanted)).length;
      if (hits) links.push(link(pageUrl(i + 1) + hash, `page ${i + 1} (${hits})`));
    });
  } else if (wanted && document.body.dataset.home && all(".pages").length) {
    links.push(link(document.body.dataset.home + hash, "search all pages"));
  }
  notice.hidden = !links.length;
  notice.replaceChildren(indexContent ? "Also on " : "Only this page was searched: ", ...links.flatMap((a, i) => (i ? [", ", a] : [a])));
}

const pageUrl = (number) => (number === 1 ? "" : `${document.body.dataset.folder}/page_${String(number).padStart(4, "0")}.html`);

const lowest = (cluster, unknown) => (cluster.dataset.lowest === "" ? unknown : Number(cluster.dataset.lowest));
const orders = {
  number: () => 0,
  largest: (a, b) => b.dataset.size - a.dataset.size,
  smallest: (a, b) => a.dataset.size - b.dataset.size,
  loosest: (a, b) => lowest(a, 2) - lowest(b, 2),
  tightest: (a, b) => lowest(b, -2) - lowest(a, -2),
};

function sortClusters() {
  const sorted = [...clusters].sort((a, b) => orders[byId("sort").value](a, b) || a.dataset.number - b.dataset.number);
  byId("clusters").append(...sorted);
}

// What is found or sorted to the top must be seen, also by one who had scrolled far down.
function toTop() {
  const above = byId("clusters").getBoundingClientRect().top - byId("toolbar").offsetHeight - 40;
  if (above < 0) scrollBy(0, above);
}

// --- the list of all clusters of a gallery of several pages ---------------------------------------------------------
const STEP = 200;
let rows = indexContent ? [...indexContent.clusters] : [];
let rowsShown = 0;
let sortedBy = null;

function showRows() {
  const cells = (row) => {
    const line = document.createElement("tr");
    row.forEach((value, column) => {
      const cell = line.appendChild(document.createElement("td"));
      const text = value === null ? "–" : column === 2 ? signed(value.toFixed(3)) : value.toLocaleString("en");
      if (column) cell.textContent = text;
      else cell.append(Object.assign(document.createElement("a"), { href: `${pageUrl(row[3])}#cluster-${value}`, textContent: text }));
    });
    return line;
  };
  byId("index-table").tBodies[0].append(...rows.slice(rowsShown, rowsShown + STEP).map(cells));
  rowsShown += STEP;
  byId("index-more").hidden = rowsShown >= rows.length;
}

function sortRows(column) {
  // Large clusters and low similarities are what one looks for; pressing again turns the order round.
  const again = column === sortedBy;
  const sign = column === 1 ? -1 : 1;
  rows = again ? rows.reverse() : [...indexContent.clusters].sort((a, b) => sign * ((a[column] ?? 2) - (b[column] ?? 2)) || a[0] - b[0]);
  sortedBy = column;
  rowsShown = 0;
  byId("index-table").tBodies[0].replaceChildren();
  showRows();
}

// --- comparing two pictures -----------------------------------------------------------------------------------------
const dialog = byId("compare");
let current = null;

const isShown = (element) => !element.closest("[hidden]");
// A representative is what the others are compared with, not a step of its own.
const stepped = () => all(".pic").filter((pic) => isShown(pic) && !(pic.matches(".rep") && pic.nextElementSibling));

function fill(figure, pic, role) {
  const image = figure.querySelector("img");
  const caption = figure.querySelector("figcaption");
  const path = pic.dataset.path;
  const thumbnail = pic.querySelector("img");
  image.src = thumbnail ? thumbnail.src : "data:,";
  image.alt = path;
  image.hidden = !thumbnail;
  caption.replaceChildren(Object.assign(document.createElement("b"), { textContent: role }), ` ${path}`);
  const original = new Image();
  original.onload = () => {
    if (image.alt !== path) return;
    image.hidden = false;
    image.src = original.src;
    caption.append(` · ${original.naturalWidth} × ${original.naturalHeight}`);
  };
  original.src = `${document.body.dataset.root}/${path.split("/").map(encodeURIComponent).join("/")}`;
}

function compare(pic) {
  if (pic.matches(".rep") && pic.nextElementSibling) pic = pic.nextElementSibling;
  current = pic;
  const cluster = pic.closest(".cluster");
  const representative = cluster && cluster.querySelector(".rep");
  const place = all(".pic", pic.parentElement).filter(isShown);
  byId("compare-where").textContent = `${cluster ? `Cluster ${cluster.dataset.number}` : "Outlier"} · ${place.indexOf(pic) + 1} of ${place.length}`;
  const score = byId("compare-score");
  const chained = pic.matches(".chained");
  score.hidden = !pic.dataset.similarity;
  score.textContent = `similarity ${signed(pic.dataset.similarity || "")}${chained ? ", below the threshold: joined through other members" : pic.matches(".weakest") ? ", the lowest here" : ""}`;
  score.className = chained ? "chained" : pic.matches(".weakest") ? "weakest" : "";
  const alone = !representative || representative === pic;
  byId("compare-left").hidden = alone;
  if (!alone) fill(byId("compare-left"), representative, "Representative");
  fill(byId("compare-right"), pic, alone ? "" : "Member");
  if (!dialog.open) dialog.showModal();
}

function step(by) {
  const pics = stepped();
  const next = pics[pics.indexOf(current) + by];
  if (next) compare(next);
}

function stepCluster(by) {
  const groups = all(".cluster").filter(isShown);
  const here = groups.indexOf(current.closest(".cluster"));
  const next = groups[here < 0 ? groups.length - 1 : here + by];
  if (next) compare(all(".pic", next).filter(isShown).pop());
}

const keys = { ArrowLeft: () => step(-1), ArrowRight: () => step(1), ArrowUp: () => stepCluster(-1), ArrowDown: () => stepCluster(1) };
dialog.addEventListener("keydown", (event) => {
  if (!(event.key in keys) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  keys[event.key]();
});
dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
dialog.addEventListener("close", () => {
  // Esc leaves one where one has stepped to, not where one began.
  current.scrollIntoView({ block: "nearest" });
  current.focus();
});
byId("compare-previous").addEventListener("click", () => step(-1));
byId("compare-next").addEventListener("click", () => step(1));
byId("compare-close").addEventListener("click", () => dialog.close());
document.addEventListener("click", (event) => {
  const pic = event.target.closest(".pic");
  if (pic) compare(pic);
});

// --- at the start -----------------------------------------------------------------------------------------------------
const form = document.querySelector("#toolbar form");
form.hidden = false;
form.addEventListener("submit", (event) => event.preventDefault());
const thenToTop = (action) => () => { action(); toTop(); };
find.addEventListener("input", thenToTop(show));
if (doubtful) doubtful.addEventListener("change", thenToTop(show));
byId("sort").addEventListener("change", thenToTop(sortClusters));
if (indexContent) {
  showRows();
  byId("index-more").addEventListener("click", showRows);
  for (const button of all("#index-table [data-column]")) button.addEventListener("click", () => sortRows(Number(button.dataset.column)));
}
function findFromAddress() {
  if (!location.hash.startsWith("#find=")) return;
  find.value = decodeURIComponent(location.hash.slice(6));
  show();
}
// A link to what is folded away unfolds it.
function unfoldAddressed() {
  const addressed = byId(location.hash.slice(1));
  if (addressed && addressed.matches("details")) addressed.open = true;
}
for (const follow of [findFromAddress, unfoldAddressed]) {
  addEventListener("hashchange", follow);
  follow();
}
// Inside another page (a workflow report) the further pages are out of reach.
if (self !== top && all(".pages").length) {
  byId("embedded").hidden = false;
  all(".pages").forEach((pages) => pages.remove());
  all(".top a:not([href^='#'])").forEach((link) => link.removeAttribute("href"));
}
