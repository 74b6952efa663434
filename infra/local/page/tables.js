/** The table and data_table blocks. They scroll inside a frame of their own, and a data_table has pages. */

import { h } from "./dom.js";
import { richText } from "./richtext.js";

const pages = new Map();

/** Return the node of a table block; its first row is the head. */
export function tableNode(block) {
  const [head = [], ...rows] = block.rows ?? [];
  const settings = block.column_settings ?? [];
  return frame("Table", h("table", { class: "grid" }, headOf(head, settings), bodyOf(rows, settings)));
}

/** Return the node of a data_table block. */
export function dataTableNode(block, surface) {
  const [head = [], ...rows] = block.rows ?? [];
  const size = block.page_size ?? 5;
  const count = Math.max(1, Math.ceil(rows.length / size));
  const key = `${surface.key}|${block.block_id ?? block.caption}`;
  const page = Math.min(pages.get(key) ?? 0, count - 1);
  const turn = (by) => () => {
    pages.set(key, Math.min(count - 1, Math.max(0, page + by)));
    surface.redraw();
  };
  const settings = head.map((_, index) => ({
    align: rows.every((row) => row[index]?.type === "raw_number") ? "right" : "left",
  }));
  const shown = rows.slice(page * size, (page + 1) * size);
  const table = h(
    "table",
    { class: "grid data" },
    h("caption", null, block.caption ?? ""),
    headOf(head, settings),
    bodyOf(shown, settings, block.row_header_column_index),
  );
  return h("div", null, frame(block.caption ?? "Table", table), count > 1 && pager(page, count, rows.length, turn));
}

function pager(page, count, rows, turn) {
  const step = (by, words, ends) =>
    h(
      "button",
      { class: "button", type: "button", "aria-disabled": ends ? "true" : null, onclick: ends ? null : turn(by) },
      words,
    );
  return h(
    "div",
    { class: "pager" },
    step(-1, "Previous", page === 0),
    h("span", { role: "status" }, `Page ${page + 1} of ${count} (${rows} rows)`),
    step(1, "Next", page === count - 1),
  );
}

function frame(label, table) {
  return h("div", { class: "table-frame", role: "group", "aria-label": label, tabindex: "0" }, table);
}

function headOf(cells, settings) {
  const made = cells.map((cell, index) => h("th", { scope: "col", class: looks(settings[index]) }, cellNodes(cell)));
  return h("thead", null, h("tr", null, made));
}

function bodyOf(rows, settings, headColumn) {
  const cells = (row) =>
    row.map((cell, index) => {
      const props = { class: looks(settings[index]) };
      return index === headColumn
        ? h("th", { ...props, scope: "row" }, cellNodes(cell))
        : h("td", props, cellNodes(cell));
    });
  return h(
    "tbody",
    null,
    rows.map((row) => h("tr", null, cells(row))),
  );
}

function looks(setting) {
  return `${setting?.align ?? "left"}${setting?.is_wrapped ? " wrapped" : ""}`;
}

function cellNodes(cell) {
  return cell?.type === "rich_text" ? richText(cell) : (cell?.text ?? String(cell?.value ?? ""));
}
