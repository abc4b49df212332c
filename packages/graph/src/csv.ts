// Comma-separated values as RFC 4180 has them: quoted cells hold separators, line ends, and quotes doubled. Spreadsheets put a mark of
// the byte order in front, and semicolons or tabs between.

/** Rows of cells, which keep their blanks; blank lines are left out. A quote that never closes ends with the text. */
export function* csvRows(text: string, separator = separatorOf(text)): Generator<string[]> {
  const plain = text.replace(/^\uFEFF/, '')
  const isBlank = (row: readonly string[]) => row.length === 1 && row[0]!.trim() === ''
  if (!plain.includes('"')) {
    for (const line of plain.split(/\r?\n/)) {
      const row = line.split(separator)
      if (!isBlank(row)) yield row
    }
    return
  }
  let [row, cell, quoted]: [string[], string, boolean] = [[], '', false]
  for (let at = 0; at <= plain.length; at++) {
    const mark = plain[at] ?? '\n'
    if (quoted && at < plain.length) {
      if (mark !== '"') cell += mark
      else if (plain[at + 1] === '"') cell += plain[++at]
      else quoted = false
    } else if (mark === '"') quoted = true
    else if (mark === separator || mark === '\n') {
      row.push(cell)
      cell = ''
      if (mark === separator) continue
      if (!isBlank(row)) yield row
      row = []
    } else if (mark !== '\r') cell += mark
  }
}

/** A semicolon or a tab if the first line that is not blank has one and no comma, not counting what is quoted; else a comma. */
function separatorOf(text: string): string {
  const first = (/\S.*/.exec(text)?.[0] ?? '').replace(/"[^"]*"/g, '')
  return [';', '\t'].find((mark) => first.includes(mark) && !first.includes(',')) ?? ','
}
