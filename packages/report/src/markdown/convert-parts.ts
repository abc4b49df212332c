// Parts of a converted model for a pull request. It has no sentence of its own, and nothing in it was measured.

import { bytes, plural } from '@whyslow/measure/statistics/numbers.ts'
import type { ConvertDocument, ConvertedValue } from '../documents/convert.ts'
import { code, type Part, table, text } from './blocks.ts'

export function convertParts({ from, to, operators, inputs, outputs, rounding, notes = [] }: ConvertDocument): Part[] {
  const count = Object.values(operators).reduce((sum, one) => sum + one, 0)
  const values = [...inputs.map((one) => ['in', one] as const), ...outputs.map((one) => ['out', one] as const)]
  const shapeOf = ({ shape }: ConvertedValue) => `[${shape.map((size) => size ?? '?').join(', ')}]`
  return [
    `**${code(to.file)}: ${text(to.format)}, ${bytes(to.sizeBytes)}, ${plural(count, 'operator')}, of ${code(from.file)} (${text(from.format)}, ${bytes(from.sizeBytes)})**`,
    table([
      { head: '', cells: values.map(([side]) => side) },
      { head: 'name', cells: values.map(([, { name }]) => code(name)) },
      { head: 'type', cells: values.map(([, { dtype }]) => code(dtype)) },
      { head: 'shape', cells: values.map(([, value]) => code(shapeOf(value))) },
    ]),
    ...(rounding?.rows == null
      ? []
      : [`Rounded to float32: of ${plural(rounding.rows, 'row')}, ${rounding.otherLeaves} come to another leaf.`]),
    notes.map((note) => `- ${text(note)}`).join('\n'),
  ]
}
