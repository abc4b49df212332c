// The one syntax for sizes: '800000' is bytes; 'k', 'm', 'g' and 't' are steps of 1000, with or without 'b': '500m', '2GB';
// with an 'i', steps of 1024: '512MiB'.

const steps = ['', 'k', 'm', 'g', 't']

/** Bytes, above zero; undefined if the text is no size. */
export function parseSize(text: string): number | undefined {
  const parts = /^(\d+(?:\.\d+)?)([kmgt]?)(i?)b?$/i.exec(text)
  if (parts === null || (parts[3] !== '' && parts[2] === '')) return undefined
  const bytes = Math.floor(Number(parts[1]) * (parts[3] === '' ? 1000 : 1024) ** steps.indexOf(parts[2]!.toLowerCase()))
  return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : undefined
}
