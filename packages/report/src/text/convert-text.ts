// What `whyslow convert` says: what was written, and what stayed as it was.

import { bytes } from '@whyslow/measure/statistics/numbers.ts'
import type { ConvertDocument, ConvertedValue } from '../documents/convert.ts'

/** A few lines: the file, its operators, inputs and outputs. */
export function renderConvert(document: ConvertDocument): string {
  const { from, to, opset, operators, inputs, outputs } = document
  const count = Object.values(operators).reduce((sum, one) => sum + one, 0)
  const written = `${to.format}${opset === null ? '' : ` (opset ${opset})`}, ${bytes(to.sizeBytes)}, ${count} operators`
  return [
    `${to.file}: ${written}, of ${from.file} (${from.format}, ${bytes(from.sizeBytes)})`,
    ...described('in ', inputs),
    ...described('out', outputs),
    ...(document.rounding ? [rounded(document.rounding)] : []),
    ...(document.notes ?? []).map((note) => `  ${note}`),
    '',
  ].join('\n')
}

function rounded({ rows, otherLeaves, otherLabels, largestDifference }: NonNullable<ConvertDocument['rounding']>): string {
  if (rows === null) return '  rounded to float32; --data rows.csv says how many rows that changes'
  const labels = otherLabels === null ? '' : `, ${otherLabels} to another label`
  const least = largestDifference === null ? '' : `; predictions differ by ${largestDifference.toExponential(1)} at most`
  return `  rounded to float32: of ${rows} rows, ${otherLeaves} come to another leaf${labels}${least}`
}

const described = (what: string, values: readonly ConvertedValue[]) =>
  values.map(({ name, dtype, shape }) => `  ${what}  ${name}: ${dtype} [${shape.map((size) => size ?? '?').join(', ')}]`)
