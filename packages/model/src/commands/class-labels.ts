// Labels of rows as the model's own classes are numbered.

/**
 * Indexes of classes where the model has classes, else the numbers; the first row whose label is neither. Of classes that are texts a label may
 * be the index itself.
 */
export function classLabels(
  labels: readonly { readonly data: ArrayLike<unknown> | object }[],
  classes: readonly (string | number)[] | undefined,
): { readonly labels: Float64Array } | { readonly unknown: string; readonly row: number } {
  const values = labels.map(({ data }) => (data as ArrayLike<unknown>)[0])
  const numbers = values.map((value) => {
    if (classes === undefined) return Number(value)
    const place = classes.findIndex((one) => String(one) === String(value))
    const isIndex = typeof classes[0] === 'string' && classes[Number(value)] !== undefined
    return place >= 0 ? place : isIndex ? Number(value) : Number.NaN
  })
  const row = numbers.findIndex(Number.isNaN)
  return row < 0 ? { labels: Float64Array.from(numbers) } : { unknown: String(values[row]), row: row + 1 }
}
