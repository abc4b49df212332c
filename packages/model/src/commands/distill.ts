// `distill`: a simpler model that predicts nearly the same, found on the user's own rows and shipped as code.
import { checkOut } from '@whyslow/command/model-files/out-folder.ts'
import type { StageProgress } from '@whyslow/command/progress.ts'
import { toolVersion } from '@whyslow/command/version.ts'
import { type Distillation, distill as findStudents, LEAST_ROWS, refusal } from '@whyslow/compile/distill/distill.ts'
import { type CompilableModel, compilableOf } from '@whyslow/compile/read/index.ts'
import { openRows } from '@whyslow/compile/shipped/compiled.mjs'
import { readModel } from '@whyslow/formats/index.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { readData } from '@whyslow/measure/samples/read-data.ts'
import type { DistillDocument } from '@whyslow/report/documents/distill.ts'
import { moduleOf, shipStudent } from '../ship/index.ts'
import { classLabels } from './class-labels.ts'

export interface DistillOptions {
  /** Rows, with labels where the file has them; CSV, .npz, .json … */
  readonly data: string
  /** The column or array that holds them; null: one that is called so. */
  readonly labels: string | null
  /** null: nothing is written. */
  readonly out: string | null
  readonly force: boolean
  /** Most that the metric may lose. */
  readonly maxLoss: number
  readonly signal: AbortSignal
  /** Rows that students learn from; absent: as many as they can use. */
  readonly lessons?: number
  /** The clock that students are timed with, ms; absent: this process's. */
  readonly now?: () => number
  readonly onProgress?: (progress: StageProgress) => void
}

/** More make nothing better that trees of 40 leaves can hold. */
const MOST_ROWS = 100_000

/**
 * Finds students of the model in `file` and writes the fastest whose loss is allowed into `out`. Throws InputError if the model is
 * none of rows of features, the data does not fit or has too few rows; then nothing is written.
 */
export async function distill(file: string, options: DistillOptions): Promise<DistillDocument> {
  const { out, force, maxLoss, signal } = options
  if (out !== null) checkOut(out, force, file)
  const model = await readModel(file)
  const compilable = compilableFor(model)
  const { rows, count, labels } = rowsOf(compilable, options)
  signal.throwIfAborted()
  const onStudent = (says: string) => {
    signal.throwIfAborted()
    options.onProgress?.({ stage: says, done: 0, of: 1 })
  }
  const tools = { now: options.now ?? (() => performance.now()), load: moduleOf, onStudent }
  const found = await findStudents(
    {
      teacher: compilable.model,
      rows,
      count,
      labels,
      maxLoss,
      ...(options.lessons === undefined ? {} : { lessons: options.lessons }),
    },
    tools,
  )
  signal.throwIfAborted()
  const createdAt = new Date().toISOString()
  const document = documentOf(model, found, { ...options, createdAt })
  if (out === null || found.best === null) return document
  await shipStudent({
    out,
    force,
    signal,
    original: { file, sha256: model.source.sha256 },
    compilable: { ...compilable, model: found.best.student.model },
    document,
    readme: readmeOf(document),
    toolVersion,
    createdAt,
  })
  return document
}

function compilableFor(model: Model): CompilableModel {
  const { file } = model.source
  const found = compilableOf(model)
  const only = 'distill takes models of rows of features: trees, linear models, small networks'
  if (!found.ok) throw new InputError(`${file} cannot be distilled: ${found.reason}; ${only}`)
  const why = refusal(found.compilable.model)
  if (why !== null) throw new InputError(`${file} cannot be distilled: ${why}; whyslow fix can make it faster without that`)
  return found.compilable
}

interface Rows {
  readonly rows: Float32Array | Float64Array
  readonly count: number
  readonly labels: Float64Array | null
}

function rowsOf({ model, inputs, texts }: CompilableModel, { data, labels: labelsName }: DistillOptions): Rows {
  const { dtype: row, featureCount } = model.input
  const freeAxes = [{ axis: 0, symbol: 'rows', meaning: 'batch' as const, from: 'data' as const }]
  const resolved = inputs.map(({ name, dtype, columns }) => ({
    name,
    dtype,
    shape: [1, columns],
    assumed: [],
    freeAxes,
    rankIsFree: false,
  }))
  const read = readData(data, resolved, { batch: 1, labelsName, limit: MOST_ROWS, allowNaN: true })
  const count = read.samples.length
  if (count < LEAST_ROWS)
    throw new InputError(
      `${data} has ${count} rows, and students are learned, chosen and tested on ${LEAST_ROWS} at least; give more`,
    )
  const joined = openRows({ inputs, texts, row })
  const rows = row === 'float32' ? new Float32Array(count * featureCount) : new Float64Array(count * featureCount)
  read.samples.forEach((feeds, r) => {
    const arrays = inputs.map(({ name }) => feeds[name]!.data as ArrayLike<unknown>)
    rows.set(joined(arrays, 1), r * featureCount)
  })
  return { rows, count, labels: read.labels === undefined ? null : labelsOf(read.labels, model.label?.classes, data) }
}

function labelsOf(
  labels: Parameters<typeof classLabels>[0],
  classes: readonly (string | number)[] | undefined,
  file: string,
): Float64Array {
  const told = classLabels(labels, classes)
  if ('labels' in told) return told.labels
  throw new InputError(`${file}: the label of row ${told.row} is ${JSON.stringify(told.unknown)}, no class of the model`)
}

function documentOf(
  { source }: Model,
  { metric, rows, teacher, students, best }: Distillation,
  { maxLoss, out, createdAt }: DistillOptions & { readonly createdAt: string },
): DistillDocument {
  const { file, format, sha256, sizeBytes } = source
  const told = students.map(({ student, chosen: _, ...rest }) => ({
    id: student.id,
    says: student.says,
    ...rest,
    speedup: teacher.microseconds / rest.microseconds,
    chosen: student.id === best?.student.id,
  }))
  const written = best === null ? null : out
  const document = {
    schema: 'whyslow-distill/1',
    tool: { version: toolVersion },
    createdAt,
    model: { file, format, sha256, sizeBytes },
    metric,
    rows,
    maxLoss,
    teacher,
    students: told,
    out: written,
    warnings: warningsOf(metric.against, best),
  } as const
  return {
    ...document,
    answer: answerOf(
      document,
      told.find(({ chosen }) => chosen),
    ),
  }
}

function warningsOf(against: 'labels' | 'teacher', best: Distillation['best']): string[] {
  const unlabelled = against === 'teacher' ? ['the data has no labels: what students lose is known against the model alone'] : []
  return best === null ? unlabelled : [...unlabelled, 'what the model was trained on flatters it: give rows that it has not seen']
}

function answerOf(
  { metric, teacher, maxLoss, out }: Pick<DistillDocument, 'metric' | 'teacher' | 'maxLoss' | 'out'>,
  best: DistillDocument['students'][number] | undefined,
): string {
  if (best === undefined)
    return `No student comes within ${maxLoss} of the model's ${metric.name} for certain; nothing is written.`
  const lost = best.loss > 0 ? `${best.loss.toFixed(4)} of ${metric.name} less` : `no ${metric.name} lost`
  const where = out === null ? '' : ` It is in ${out}.`
  return `${capital(best.says)}: ${best.speedup.toFixed(1)} times as fast as the model compiled (${micro(best.microseconds)} against ${micro(teacher.microseconds)} µs a row), ${lost}, on rows that neither training saw.${where}`
}

const micro = (value: number): string => value.toPrecision(3)
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

const readmeOf = ({ answer, model, rows, metric }: DistillDocument): readonly string[] => [
  '# A student',
  '',
  `Distilled from \`${model.file.replace(/^.*[\\/]/, '').replaceAll('`', "'")}\` (sha256 ${model.sha256.slice(0, 12)}…). ${answer}`,
  '',
  `Learned from ${rows.learn} rows and ${rows.made} made of them, chosen on ${rows.choose}, measured on ${rows.test} others by ${metric.name}.`,
  'Inputs and outputs are called as the model called them. `distillation.json` holds all students and figures.',
]
