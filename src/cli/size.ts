// The one syntax for sizes: '800000' is bytes; 'k', 'm', 'g' and 't' are steps of 1024, with or without 'b' or 'ib': '512m', '2GiB'.

const steps = ['', 'k', 'm', 'g', 't']

/** Bytes, above zero; undefined where the text is no size. */
export function parseSize(text: string): number | undefined {
  const parts = /^(\d+(?:\.\d+)?)([kmgt]?)(?:i?b)?$/i.exec(text)
  if (parts === null) return undefined
  const bytes = Math.floor(Number(parts[1]) * 1024 ** steps.indexOf(parts[2]!.toLowerCase()))
  return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : undefined
}
