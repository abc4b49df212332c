// Numbers in the tables of profilers.

/** '1,234.5' and '1234.5' as numbers; NaN for what is none. */
export const numberIn = (field: string | undefined): number => {
  const plain = (field ?? '').trim().replace(/,(?=\d{3}(\D|$))/g, '')
  return plain === '' ? Number.NaN : Number(plain)
}
