// Which form of a model is fastest here, for one row and for many: all are made, timed on rows that go all ways through the trees, and the
// best are put together into one program. Their results are the same to the last bit, so that nothing but time is chosen.
import { forestFacts } from '@whyslow/graph/forest/facts.ts'
import type { Forest, TabularModel } from '@whyslow/graph/forest/types.ts'
import { type Compiled, compileLayers, compileTrees, compileWalk } from './compile.ts'
import { fitsIfElse } from './if-else.ts'
import { GROUP_ROWS, VECTOR_ROWS } from './rank-tables.ts'
import { compileModule, openProgram, type Trees } from './shipped/compiled.mjs'
import type { RowsUntil, Until, WalkForm } from './walk-spec.ts'
import { LANES } from './walk-tables.ts'

export interface ChoiceTools {
  /** ms. */
  readonly now: () => number
  /** The default export of a module of this source. */
  readonly load: (source: string) => Promise<Trees>
}

/** How long one form took. */
export interface FormTime {
  readonly form: string
  readonly rows: number
  /** Per row. */
  readonly microseconds: number
}

export interface Chosen extends Compiled {
  /** What it is, in words: '8 trees side by side, to the leaf'. */
  readonly form: string
  readonly times: readonly FormTime[]
  /** The best form that needs no JavaScript, if the program is functions of JavaScript. */
  readonly walk?: Compiled
}

/** Rows that forms are timed on: this many, or as few as make about this many tests a pass. */
const MOST_ROWS = 256
/** The least for which ranks may pay. */
const SOME_ROWS = VECTOR_ROWS
const PASS_TESTS = 500_000
/** Numbers in all rows: models of millions of features get fewer rows. */
const MOST_NUMBERS = 2 ** 24
const FORM_MS = 12
const WARM_MS = 25
/** However long the warm-up took. */
const LEAST_PASSES = 3
const UNTIL: readonly Until[] = ['steps', 'settled']
const ROWS_UNTIL: readonly RowsUntil[] = [...UNTIL, 'full']

export async function chooseForm(model: TabularModel, tools: ChoiceTools): Promise<Chosen> {
  const { scores } = model
  if (scores.kind !== 'forest') return { ...compileLayers(model), form: 'layers, four sums in a vector', times: [] }
  const { make, hasRanks, hasFull } = compileWalk(model)
  // A model too large to compile is refused before rows of it are made.
  make({ ...PLAIN, until: { rows: 'steps', block: 'steps' } })
  const many = rowsFor(model, scores)
  const rows = exampleRows(model, scores, many)
  const times: FormTime[] = []
  const measure = (form: string, compiled: Compiled, count: number, trees: Trees | null = null): number => {
    const microseconds = timeOf(compiled, rows, { count, trees, now: tools.now })
    times.push({ form, rows: count, microseconds })
    return microseconds
  }
  const rowsUntil = hasFull ? ROWS_UNTIL : UNTIL
  const trees = (rows: RowsUntil) => make({ ...PLAIN, until: { rows, block: 'steps' } })
  const block = (until: Until) => make({ ...PLAIN, until: { rows: until, block: until }, blockFrom: 1 })
  const alone = rowsUntil.map((until) => measure(`trees ${until}`, trees(until), 1))
  const side = rowsUntil.map((until) => measure(`trees ${until}`, trees(until), many))
  const blocks = UNTIL.map((until) => measure(`rows ${until}`, block(until), many))
  const until = { rows: rowsUntil[leastAt(alone)]!, block: UNTIL[leastAt(blocks)]! }
  const ranks = hasRanks ? make({ ...PLAIN, until, ranksFrom: 1 }) : undefined
  const byRanks = (count: number) => (ranks === undefined ? Number.POSITIVE_INFINITY : measure('ranks', ranks, count))
  const manyTimes = { trees: Math.min(...side), rows: Math.min(...blocks), ranks: byRanks(many) }
  const someTimes = {
    trees: measure(`trees ${until.rows}`, trees(until.rows), SOME_ROWS),
    rows: measure(`rows ${until.block}`, block(until.block), SOME_ROWS),
    ranks: byRanks(SOME_ROWS),
  }
  const form: WalkForm = { until, nestedUpTo: null, ...fromBy(fastest(someTimes), fastest(manyTimes)) }
  if (!fitsIfElse(scores)) return { ...make(form), form: formText(form), times }
  const written = compileTrees(model)
  const loaded = await tools.load(written.trees!)
  const [written1, writtenMany] = [1, many].map((count) => measure('if-else', written, count, loaded)) as [number, number]
  const isBest = written1 < Math.min(...alone)
  if (isBest && writtenMany < Math.min(...Object.values(manyTimes)))
    return { ...written, form: 'nested choices in JavaScript', times, walk: make(form) }
  const mixed = { ...form, nestedUpTo: isBest ? 1 : null }
  return { ...make(mixed), form: formText(mixed), times }
}

/** Trees side by side, whatever the number of rows. */
const PLAIN = { blockFrom: null, ranksFrom: null, nestedUpTo: null } as const

type Side = 'trees' | 'rows' | 'ranks'

const fastest = (times: Readonly<Record<Side, number>>): Side =>
  (Object.keys(times) as Side[]).reduce((a, b) => (times[b] < times[a] ? b : a))

/** What was fastest for some rows is taken from `LANES` (rows) or `SOME_ROWS` (ranks) on, what was for many from a whole group on. */
function fromBy(some: Side, many: Side): Pick<WalkForm, 'blockFrom' | 'ranksFrom'> {
  const from = (side: Side, least: number) => (some === side ? least : many === side ? GROUP_ROWS : null)
  return { blockFrom: from('rows', LANES), ranksFrom: from('ranks', SOME_ROWS) }
}

const leastAt = (values: readonly number[]): number => values.indexOf(Math.min(...values))

const ENDS: Readonly<Record<RowsUntil, string>> = {
  steps: 'to the deepest leaf',
  settled: 'until all are at a leaf',
  full: 'as full trees',
}

function formText({ until, blockFrom, ranksFrom, nestedUpTo }: WalkForm): string {
  const one = `${LANES} trees side by side, ${ENDS[until.rows]}`
  const first = nestedUpTo === null ? one : `nested choices in JavaScript; from ${nestedUpTo + 1} rows on ${one}`
  const more = [
    ...(blockFrom === null ? [] : [{ from: blockFrom, says: `${LANES} rows side by side, ${ENDS[until.block]}` }]),
    ...(ranksFrom === null ? [] : [{ from: ranksFrom, says: `rows as ranks, ${VECTOR_ROWS} in a vector` }]),
  ].sort((a, b) => a.from - b.from)
  return [first, ...more.map(({ from, says }) => `from ${from} rows on ${says}`)].join('; ')
}

export interface Timing {
  /** Rows of a prediction. */
  readonly count: number
  readonly trees: Trees | null
  readonly now: () => number
}

/** Least time of a row, µs: what disturbs only adds. */
export function timeOf({ program, module }: Compiled, rows: Float32Array | Float64Array, { count, trees, now }: Timing): number {
  const predict = openProgram(program, module === null ? null : compileModule(module), trees)
  const width = program.input.featureCount
  const total = rows.length / width
  const batches = Array.from({ length: total / count }, (_, k) => rows.subarray(k * count * width, (k + 1) * count * width))
  const wanted = { margin: true }
  const pass = () => {
    for (const batch of batches) predict(batch, count, wanted)
  }
  let least = Number.POSITIVE_INFINITY
  const start = now()
  // It is compiled in steps while it runs.
  while (now() - start < WARM_MS) pass()
  const from = now()
  for (let passes = 0, at = from; passes < LEAST_PASSES || at - from < FORM_MS; passes++) {
    pass()
    const end = now()
    least = Math.min(least, end - at)
    at = end
  }
  return (least * 1000) / total
}

/** Whole groups. */
function rowsFor({ input }: TabularModel, forest: Forest): number {
  const { meanLeafDepth, treeCount } = forestFacts(forest)
  const fitting = Math.min(PASS_TESTS / Math.max(1, meanLeafDepth * treeCount), MOST_NUMBERS / input.featureCount)
  return Math.max(GROUP_ROWS, Math.min(MOST_ROWS, Math.floor(fitting / GROUP_ROWS) * GROUP_ROWS))
}

/** Rows on all sides of the trees' own thresholds, the same at every run. */
function exampleRows({ input }: TabularModel, { nodes }: Forest, count: number): Float32Array | Float64Array {
  const thresholds = new Map<number, number[]>()
  nodes.feature.forEach((f, at) => {
    if (f < 0) return
    // Behind a preparation a feature has another number; any numbers do.
    const feature = f % input.featureCount
    const known = thresholds.get(feature) ?? []
    known.push(nodes.threshold[at]!)
    thresholds.set(feature, known)
  })
  let state = 1
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  const rows =
    input.dtype === 'float32' ? new Float32Array(count * input.featureCount) : new Float64Array(count * input.featureCount)
  return rows.map((_, at) => {
    const of = thresholds.get(at % input.featureCount)
    return of === undefined ? random() : of[Math.floor(random() * of.length)]! + (random() - 0.5)
  })
}
