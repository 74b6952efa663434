/**
 * The data_visualization block: a drawing that says in a sentence what it shows, a legend, and the same figures as a
 * table for who cannot see it.
 */

import { h, svg } from "./dom.js";

const [WIDE, HIGH] = [560, 220];
const BOX = { left: 44, right: 12, top: 10, bottom: 28 };
const PLACES = { x: BOX.left, y: BOX.top, wide: WIDE - BOX.left - BOX.right, high: HIGH - BOX.top - BOX.bottom };

/** Return the node of a data_visualization block. */
export function chartNode(block) {
  const { chart } = block;
  const pie = chart.type === "pie";
  const names = pie ? chart.segments.map((one) => one.label) : chart.series.map((one) => one.name);
  const sentence = `${block.title}. ${(pie ? chart.segments.map(slice) : chart.series.map(course)).join("; ")}.`;
  return h(
    "figure",
    { class: "figure chart" },
    h("figcaption", null, block.title),
    pie ? pieDrawing(chart.segments, sentence) : axesDrawing(chart, sentence),
    h(
      "ul",
      { class: "legend", "aria-hidden": "true" },
      names.map((name, index) =>
        h(
          "li",
          null,
          h("span", { class: `swatch series-${index % 12}` }),
          pie ? `${name}: ${chart.segments[index].value}` : name,
        ),
      ),
    ),
    h("div", { class: "hidden" }, figures(block.title, chart, pie)),
  );
}

function slice(segment) {
  return `${segment.label} ${segment.value}`;
}

/** Return how a line went: where it began and ended, and its peak where that is neither. */
function course(series) {
  const values = series.data.map((point) => point.value);
  const [first, last] = [values[0], values.at(-1)];
  if (values.every((value) => value === first)) return `${series.name} ${first} throughout`;
  const peak = Math.max(...values);
  return `${series.name} from ${first} to ${last}${peak > first && peak > last ? `, at most ${peak}` : ""}`;
}

function figures(title, chart, pie) {
  const categories = pie ? ["Value"] : chart.axis_config.categories;
  const rows = pie
    ? chart.segments.map((one) => [one.label, one.value])
    : chart.series.map((one) => [one.name, ...categories.map((name) => valueAt(one, name))]);
  const cells = (row) =>
    row.map((value, index) => (index ? h("td", null, String(value)) : h("th", { scope: "row" }, value)));
  return h(
    "table",
    null,
    h("caption", null, title),
    h(
      "thead",
      null,
      h(
        "tr",
        null,
        h("th", { scope: "col" }, "Series"),
        categories.map((name) => h("th", { scope: "col" }, name)),
      ),
    ),
    h(
      "tbody",
      null,
      rows.map((row) => h("tr", null, cells(row))),
    ),
  );
}

function drawing(high, sentence, ...shapes) {
  const named = { role: "img", "aria-label": sentence, focusable: "false" };
  return svg("svg", { class: "drawing", viewBox: `0 0 ${WIDE} ${high}`, ...named }, shapes);
}

function pieDrawing(segments, sentence) {
  const sum = segments.reduce((total, one) => total + one.value, 0) || 1;
  let turned = 0;
  const slices = segments.map((one, index) => {
    const share = one.value / sum;
    // A ring is drawn as a dashed circle, so that a slice of all of it needs no case of its own.
    const dash = { "stroke-dasharray": `${share * 100} 100`, "stroke-dashoffset": -turned * 100, pathLength: 100 };
    turned += share;
    return svg("circle", { class: `slice line-${index % 12}`, cx: WIDE / 2, cy: 100, r: 62, ...dash });
  });
  return drawing(200, sentence, svg("g", { transform: `rotate(-90 ${WIDE / 2} 100)` }, slices));
}

function axesDrawing(chart, sentence) {
  const { categories, x_label: xLabel, y_label: yLabel } = chart.axis_config;
  const all = chart.series.flatMap((one) => one.data.map((point) => point.value));
  const most = ceiling(Math.max(...all, 0));
  const least = Math.min(...all, 0) < 0 ? -ceiling(-Math.min(...all)) : 0;
  const scale = { y: (value) => PLACES.y + PLACES.high * (1 - (value - least) / (most - least || 1)), zero: 0 };
  scale.zero = scale.y(0);
  const draw = chart.type === "bar" ? bars : lines;
  return h(
    "div",
    null,
    yLabel && h("div", { class: "axis-label" }, yLabel),
    drawing(HIGH, sentence, grid(least, most, scale), below(categories), draw(chart, categories, scale)),
    xLabel && h("div", { class: "axis-label end" }, xLabel),
  );
}

function grid(least, most, scale) {
  return [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const value = least + (most - least) * part;
    const y = scale.y(value);
    return svg(
      "g",
      null,
      svg("line", { class: "gridline", x1: PLACES.x, x2: PLACES.x + PLACES.wide, y1: y, y2: y }),
      svg("text", { class: "tick", x: PLACES.x - 6, y: y + 4, "text-anchor": "end" }, short(value)),
    );
  });
}

function below(categories) {
  const every = Math.ceil(categories.length / 8);
  return categories.map(
    (name, index) =>
      (categories.length - 1 - index) % every === 0 &&
      svg("text", { class: "tick", x: middle(index, categories.length), y: HIGH - 8, "text-anchor": "middle" }, name),
  );
}

function bars(chart, categories, scale) {
  const slot = PLACES.wide / categories.length;
  const wide = Math.min(36, (slot * 0.72) / chart.series.length);
  return chart.series.flatMap((one, at) =>
    categories.map((name, index) => {
      const y = scale.y(valueAt(one, name));
      const x = middle(index, categories.length) + (at - chart.series.length / 2) * wide;
      const size = {
        x,
        y: Math.min(y, scale.zero),
        width: Math.max(1, wide - 2),
        height: Math.max(1, Math.abs(y - scale.zero)),
      };
      return svg("rect", { class: `series-${at % 12}`, rx: 2, ...size });
    }),
  );
}

function lines(chart, categories, scale) {
  return chart.series.map((one, at) => {
    const points = categories.map((name, index) => [middle(index, categories.length), scale.y(valueAt(one, name))]);
    const path = points.map(([x, y], index) => `${index ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
    // A level line, as a threshold is, has no points worth marking.
    const level = points.length > 1 && points.every(([, y]) => y === points[0][1]);
    const area = `${path}L${points.at(-1)[0]} ${scale.zero}L${points[0][0]} ${scale.zero}Z`;
    return svg(
      "g",
      null,
      chart.type === "area" && svg("path", { class: `area series-${at % 12}`, d: area }),
      svg("path", {
        class: `line line-${at % 12}`,
        d: path,
        "stroke-dasharray": level ? "2 4" : ["", "8 4", "14 3"][at % 3] || null,
      }),
      !level && points.map(([x, y]) => svg("circle", { class: `series-${at % 12}`, cx: x, cy: y, r: 3 })),
    );
  });
}

function middle(index, count) {
  return PLACES.x + (PLACES.wide * (index + 0.5)) / count;
}

function valueAt(series, name) {
  return series.data.find((point) => point.label === name)?.value ?? 0;
}

/** Return the next round number above. */
function ceiling(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].map((step) => step * power).find((step) => step >= value);
}

function short(value) {
  return new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 2 }).format(value);
}
