// What a table of models and machines says that no single cell does.
import { basename } from 'node:path'
import { significant } from '@whyslow/measure/statistics/numbers.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import type { StudyDocument, StudyMachine, StudyRow } from '@whyslow/report/documents/study.ts'
import { engineOf } from '@whyslow/report/text/study-engine.ts'

const MOST_SENTENCES = 3

interface Place {
  readonly row: StudyRow
  readonly machine: StudyMachine
  readonly lowMs: number
  readonly highMs: number
}

/** All of them, what stands out between models first. */
export const studySentences = (
  table: StudyDocument['table'],
  machines: readonly StudyMachine[],
  reports: readonly ReportDocument[],
): string[] => [...asFast(table, machines), ...growth(table, machines, reports), ...sizeGrowth(table, machines, reports)]

/** The wider of the two intervals over the narrower, at most: beyond, that they meet says little. */
const MOST_SPREAD = 2

/**
 * 'b.onnx on the small machine is as fast as a.onnx on the large one', or faster, largest difference in CPUs first; [] if there is none. As fast
 * are times whose intervals meet and are narrow enough to tell.
 */
function asFast({ rows }: StudyDocument['table'], machines: readonly StudyMachine[]): string[] {
  const places = rows.flatMap((row) =>
    row.cells.flatMap((cell, i): Place[] =>
      cell.ciLowMs === null ? [] : [{ row, machine: machines[i]!, lowMs: cell.ciLowMs, highMs: cell.ciHighMs! }],
    ),
  )
  const alike = places.flatMap((small) =>
    places.flatMap((large) => {
      const gain = large.machine.usableCpus / small.machine.usableCpus
      const differ = large.row.sha256 !== small.row.sha256 && sameAsk(small.row, large.row)
      const [low, high] = [Math.min(small.lowMs, large.lowMs), Math.max(small.highMs, large.highMs)]
      const isFaster = small.highMs < large.lowMs
      const isAlike = small.lowMs <= large.highMs && !isFaster && high / low <= MOST_SPREAD
      return differ && gain > 1 && (isFaster || isAlike) ? [{ small, large, gain, isFaster }] : []
    }),
  )
  return alike
    .sort((a, b) => b.gain - a.gain)
    .slice(0, MOST_SENTENCES)
    .map(({ small, large, isFaster }) =>
      isFaster
        ? `${placed(small, rows)} is faster than ${placed(large, rows)}.`
        : `${placed(small, rows)} is as fast as ${placed(large, rows)}, as far as their intervals tell.`,
    )
}

/** Rows that answer for as many samples can stand for each other. */
const sameAsk = (a: StudyRow, b: StudyRow): boolean => a.batch === b.batch

const placed = ({ row, machine }: Pick<Place, 'row' | 'machine'>, rows: readonly StudyRow[]): string =>
  `${basename(row.model)} (${engineOf(row, rows)}) on ${machine.id}`

interface Grown {
  readonly sentence: string
  readonly ratio: number
}

const farthestFirst = (grown: readonly Grown[]): string[] => {
  const far = ({ ratio }: Grown) => Math.abs(Math.log(ratio))
  return [...grown]
    .sort((a, b) => far(b) - far(a))
    .slice(0, MOST_SENTENCES)
    .map(({ sentence }) => sentence)
}

/** Rows that differ in nothing that `keyOf` tells. */
function groups(rows: readonly StudyRow[], keyOf: (row: StudyRow) => string): StudyRow[][] {
  const byKey = new Map<string, StudyRow[]>()
  for (const row of rows) byKey.set(keyOf(row), [...(byKey.get(keyOf(row)) ?? []), row])
  return [...byKey.values()]
}

/** What a sample takes in the largest batch over the smallest, where the intervals tell them apart; what changes most first. */
function growth(
  { rows }: StudyDocument['table'],
  machines: readonly StudyMachine[],
  reports: readonly ReportDocument[],
): string[] {
  const keyOf = (row: StudyRow) => [row.sha256, row.engine, row.engineVersion, ...inputsWithoutBatch(row, reports)].join(' ')
  const grown = groups(rows, keyOf).flatMap((own) =>
    machines.flatMap((machine, i) => {
      const measured = own.filter(({ batch, cells }) => batch !== null && batch > 0 && cells[i]!.p50Ms !== null)
      const inOrder = measured.sort((a, b) => a.batch! - b.batch!)
      return grownOf(inOrder[0], inOrder.at(-1), { machine, at: i, rows })
    }),
  )
  return farthestFirst(grown)
}

/** Inputs of batches of different sizes are alike: the first size of each shape is left out. */
function inputsWithoutBatch({ cells }: StudyRow, reports: readonly ReportDocument[]): readonly string[] {
  const measured = cells.find(({ report }) => report !== null)
  const inputs = measured === undefined ? [] : (reports[measured.report!]!.model?.inputs ?? [])
  return inputs.map(({ name, dtype, shape }) => `${name} ${dtype} ${shape.slice(1).join('x')}`)
}

/** What a prediction takes with the largest inputs over the smallest of one batch, and how much larger they are; the steepest first. */
function sizeGrowth(
  { rows }: StudyDocument['table'],
  machines: readonly StudyMachine[],
  reports: readonly ReportDocument[],
): string[] {
  const keyOf = ({ sha256, engine, engineVersion, batch }: StudyRow) => [sha256, engine, engineVersion, batch].join(' ')
  const grown = groups(rows, keyOf).flatMap((own) =>
    machines.flatMap((machine, i): Grown[] => {
      const sized = own.flatMap((row) => {
        const { report } = row.cells[i]!
        const shape = report === null ? undefined : largestShape(reports[report]!)
        return shape === undefined ? [] : [{ row, shape, elements: shape.reduce((product, size) => product * size, 1) }]
      })
      const inOrder = sized.sort((a, b) => a.elements - b.elements)
      const [few, many] = [inOrder[0], inOrder.at(-1)]
      if (few === undefined || many === undefined || few.elements === many.elements) return []
      const [a, b] = [few.row.cells[i]!, many.row.cells[i]!]
      const times = many.elements / few.elements
      const ratio = b.p50Ms! / a.p50Ms!
      const interval = `${significant(b.ciLowMs! / a.ciHighMs!)}–${significant(b.ciHighMs! / a.ciLowMs!)}`
      const sizes = `With inputs of ${many.shape.join('x')}, ${significant(times)} times as large as ${few.shape.join('x')}`
      const place = placed({ row: many.row, machine }, rows)
      return [{ sentence: `${sizes}, ${place} takes ${significant(ratio)} times (${interval}) as long.`, ratio: ratio / times }]
    }),
  )
  return farthestFirst(grown)
}

/** Shape of the input with most elements. */
function largestShape({ model }: ReportDocument): readonly number[] | undefined {
  const elements = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1)
  return model?.inputs.map(({ shape }) => shape).sort((a, b) => elements(b) - elements(a))[0]
}

function grownOf(
  few: StudyRow | undefined,
  many: StudyRow | undefined,
  { machine, at, rows }: { readonly machine: StudyMachine; readonly at: number; readonly rows: readonly StudyRow[] },
): readonly Grown[] {
  if (few === undefined || many === undefined || few.batch === many.batch) return []
  const [a, b] = [few.cells[at]!, many.cells[at]!]
  const samples = few.batch! / many.batch!
  const [low, high] = [(samples * b.ciLowMs!) / a.ciHighMs!, (samples * b.ciHighMs!) / a.ciLowMs!]
  if (low <= 1 && high >= 1) return []
  const ratio = (samples * b.p50Ms!) / a.p50Ms!
  const times = `${significant(ratio)} times (${significant(low)}–${significant(high)})`
  const sentence = `In batches of ${many.batch}, a sample of ${placed({ row: many, machine }, rows)} takes ${times} as long as in batches of ${few.batch}.`
  return [{ sentence, ratio }]
}
