// Tables in CSV, as RFC 4180 and spreadsheets write them.

// parseTable reads commas, semicolons or tabs, whichever the first row has most of, and
// tells the columns' names and the rows, each with its line.
export function parseTable(text) {
  text = text.replace(/^\uFEFF/, "");
  const first = text.slice(0, (text.search(/[\r\n]/) + 1 || text.length + 1) - 1);
  const by = [",", ";", "\t"].map((sign) => [first.split(sign).length, sign]).sort((a, b) => b[0] - a[0])[0][1];
  const rows = [];
  let row = [], cell = "", quoted = false, line = 1, begun = 1;
  const endCell = () => { row.push(cell); cell = ""; };
  const endRow = () => {
    endCell();
    if (row.length > 1 || row[0].trim() !== "") rows.push({ line: begun, cells: row });
    row = [];
    begun = line;
  };
  for (let i = 0; i < text.length; i++) {
    const sign = text[i];
    if (sign === "\n") line++;
    if (quoted) {
      if (sign !== '"') cell += sign;
      else if (text[i + 1] === '"') { cell += '"'; i++; }
      else quoted = false;
    } else if (sign === '"' && cell === "") quoted = true;
    else if (sign === by) endCell();
    else if (sign === "\r" && text[i + 1] === "\n") continue;
    else if (sign === "\n" || sign === "\r") endRow();
    else cell += sign;
  }
  if (cell !== "" || row.length > 0) endRow();
  if (quoted) throw new Error("A quotation mark is never closed in the table.");
  if (rows.length === 0) throw new Error("The table is empty.");
  const columns = rows[0].cells.map((name) => name.trim());
  return { columns, rows: rows.slice(1) };
}

// tableOf writes CSV. A cell that a spreadsheet would compute stands behind an apostrophe.
export function tableOf(columns, rows) {
  const cell = (value) => {
    let text = value == null ? "" : String(value);
    if (/^[=+\-@\t\r]/.test(text)) text = "'" + text;
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}
