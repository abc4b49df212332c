// Comma-separated values (RFC 4180): quoted fields hold separators, quotes doubled, and line ends.

/** Rows of fields; a field keeps its blanks. A quote that never closes ends with the text. */
export function readCsv(text: string, separator = ','): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let field = ''
  let quoted = false
  const endField = (): void => {
    row.push(field)
    field = ''
  }
  for (let i = 0; i < text.length; i++) {
    const letter = text[i]!
    if (quoted) {
      if (letter !== '"') field += letter
      else if (text[i + 1] === '"') field += text[++i]
      else quoted = false
    } else if (letter === '"') quoted = true
    else if (letter === separator) endField()
    else if (letter === '\n') {
      endField()
      rows.push(row)
      row = []
    } else if (letter !== '\r') field += letter
  }
  if (field !== '' || row.length > 0) {
    endField()
    rows.push(row)
  }
  return rows
}

/** '1,234.5' and '1234.5' as numbers; NaN for what is none. */
export const numberIn = (field: string | undefined): number => {
  const plain = (field ?? '').trim().replace(/,(?=\d{3}(\D|$))/g, '')
  return plain === '' ? Number.NaN : Number(plain)
}
