// `whyslow fix service.py`: each model that a Python program runs is made faster and shipped as a package that the program imports instead. The program
// opens its models in a process of its own and writes each as a file, which `fix` treats like any other. The changed program and the original then take
// turns: nothing is written unless it is faster with equal results.
import fs from 'node:fs'
import path from 'node:path'
import { checkOut } from '@whyslow/command/model-files/out-folder.ts'
import { inTemporaryFolder } from '@whyslow/command/temporary-folder.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { ROUNDING } from '@whyslow/measure/outputs/scale.ts'
import { durationInWords } from '@whyslow/measure/statistics/numbers.ts'
import type { AbDocument, AbFixedModel } from '@whyslow/report/documents/ab.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import type { TrialRow } from '@whyslow/report/documents/trial-row.ts'
import { functionNamed } from '../../function-named.ts'
import type { Captured, CapturedModel, CapturedTokenizer } from '../../protocol.ts'
import { python } from '../../python/python.ts'
import { placePackage, writePackage } from '../../ship/python-package.ts'
import { NOTHING_COMPARED } from '../../turns/compare-outputs.ts'
import { QUICK_PAIRS } from '../ab/ab.ts'
import { capture, noModel, type Program } from './capture.ts'
import { FIX_PROGRAM_DEFAULTS, type FixProgramOptions, type FixProgramPorts } from './options.ts'

const TOKENIZERS_MS = 120_000
/** A proof that takes longer is announced. */
const ANNOUNCED_SECONDS = 30
const IMPORTABLE = /^[A-Za-z_]\w*$/

/** Throws InputError if the program cannot be used or runs no model that can be replaced, and the signal's reason if it is aborted. */
export async function fixProgram(
  given: string,
  options: Partial<FixProgramOptions>,
  ports: FixProgramPorts,
): Promise<AbDocument> {
  const all = { ...FIX_PROGRAM_DEFAULTS, ...options }
  const { file: named, call } = functionNamed(given)
  const file = path.resolve(named)
  const target = all.out === null ? null : checkOut(all.out, all.force, file)
  const name = packageName(target ?? 'fast', file)
  return inTemporaryFolder(async (folder) => {
    const program = { given: named, file, call, name, folder, command: 'fix' } as const
    const { captured, fixed } = await fixParts(program, all, ports)
    const root = path.join(folder, name)
    await writePackage(root, {
      program: named,
      models: captured.models.filter(({ reason }) => reason === null),
      files: captured.files,
    })
    announceProof(captured.startMs, all)
    all.onProgress?.({ stage: 'the program with its lines changed', done: 0, of: 1 })
    const document = await prove(program, captured, root, all)
    const { verdict, outputs } = document
    if (outputs.agreement === 'not-comparable') throw new InputError(nothingCompared(named, outputs))
    const isProven = verdict === 'faster' && ['identical', 'close'].includes(outputs.agreement) && outputs.differingSamples === 0
    const shipped = isProven && target !== null
    const files = captured.files.map(({ file: one, changes }) => ({ file: shownFrom(one), changes }))
    const models = captured.models.map((model) =>
      rowOf(
        model,
        fixed.find((one) => one.model.name === model.name),
      ),
    )
    const warnings = [...new Set([...captured.warnings, ...document.warnings])]
    const whole: AbDocument = { ...document, warnings, fix: { shipped: shipped ? all.out : null, files, models } }
    if (shipped) await placePackage(root, target, { out: all.out!, document: whole, patched: captured.root })
    return whole
  })
}

/** Announces the proof of a program that is slow to start, which is most of it. */
function announceProof(startMs: number, { onPlan }: FixProgramOptions): void {
  const processes = 2 * (QUICK_PAIRS + 1)
  const seconds = (processes * startMs) / 1000
  if (seconds < ANNOUNCED_SECONDS) return
  const start = durationInWords(Math.round(startMs / 1000))
  onPlan?.(
    `Then the proof, in ${processes} fresh processes of the program, which takes ${start} to start: about ${durationInWords(Math.round(seconds))}.`,
  )
}

function nothingCompared(given: string, { notes, varying = [] }: AbDocument['outputs']): string {
  const opaque = notes.find((note) => note !== NOTHING_COMPARED)
  const why = varying.length > 0 ? `all that it returns changes from call to call (${varying.join(', ')})` : opaque
  return `${given}: ${why ?? 'it returns nothing that can be compared'}, so that nothing can be proven; return the result, or name a function that does: whyslow fix ${given}:score -o fast/`
}

export interface FixedModel {
  readonly model: CapturedModel
  readonly report: ReportDocument
}

function packageName(folder: string, program: string): string {
  const name = path.basename(folder)
  if (name === path.parse(program).name)
    throw new InputError(
      `-o ${folder}: import ${name} would find this folder in place of ${path.basename(program)}; give another name, as in -o fast/`,
    )
  if (IMPORTABLE.test(name)) return name
  throw new InputError(`-o ${folder}: Python cannot import a folder of this name; give letters, digits and _, as in -o fast/`)
}

/** Takes the models out of the program and fixes each; again without those that cannot be, so that no line is changed for them. */
async function fixParts(program: Program, options: FixProgramOptions, ports: FixProgramPorts) {
  const root = path.join(program.folder, program.name)
  const failed = new Map<string, string>()
  const first = await capture(program, options, { number: 0, models: [], failed, tokenizers: [] })
  fs.mkdirSync(root)
  const tokenizers = await tokenizersOf(program, first, options)
  const fixed: FixedModel[] = []
  const able = first.models.filter(({ reason }) => reason === null)
  for (const [at, model] of able.entries()) {
    const place = model.ran === null ? '' : `, called at ${model.ran.file}:${model.ran.line}`
    const which = able.length === 1 ? '' : `${at + 1} of ${able.length} models: `
    options.onPlan?.(`${which}${model.type} of ${model.engine}${place}:`)
    let tried = 0
    const onTrial = (trial: TrialRow) => {
      tried++
      options.onTrial?.(trial)
    }
    const report = await fixOne(model, program, { ...options, onTrial }, ports)
    if (typeof report === 'string') failed.set(model.name, report)
    else fixed.push({ model, report })
    if (tried === 0 && typeof report !== 'string') options.onPlan?.(`unchanged, it predicts with ${runsOf(report)}.`)
  }
  const again = failed.size > 0 || tokenizers.length > 0
  // What was not fixed is not to be replaced the second time either, whatever the program does then.
  for (const { name, reason } of first.models) if (reason !== null) failed.set(name, reason)
  const captured = again ? await capture(program, options, { number: 1, models: first.models, failed, tokenizers }) : first
  const gone = first.models.filter(({ name }) => !captured.models.some((one) => one.name === name))
  const models = [
    ...captured.models.map((one) => ({ ...one, reason: failed.get(one.name) ?? one.reason })),
    ...gone.map((one) => ({ ...one, reason: failed.get(one.name) ?? 'it did not predict when the program ran again' })),
  ]
  const isKnown = (model: CapturedModel) => model.engine === 'tokenizer' || fixed.some((one) => one.model.name === model.name)
  const unknown = models.find((one) => one.reason === null && !isKnown(one))
  if (unknown !== undefined) {
    const { type, engine } = unknown
    throw new InputError(
      `${program.given}: a ${type} of ${engine} predicted only when it ran again; give it samples with which each run does the same`,
    )
  }
  if (models.every(({ reason }) => reason !== null)) throw new InputError(noModel(program.given, { ...captured, models }))
  return { captured: { ...captured, models }, fixed: fixed.filter(({ model }) => isReplaced(models, model)) }
}

const isReplaced = (models: readonly CapturedModel[], { name }: CapturedModel): boolean =>
  models.some((one) => one.name === name && one.reason === null)

/** The tokenizer of the package `tokenizers` that has the ids of one written by hand, in a folder of its own. */
async function tokenizersOf(
  { file, call, name, folder }: Program,
  { tokenizers: places }: Captured,
  options: FixProgramOptions,
): Promise<readonly CapturedTokenizer[]> {
  if (places.length === 0) return []
  options.onProgress?.({ stage: "comparing its tokenizer with a library's", done: 0, of: 1 })
  const { executable, arguments: words } = await python.command(file, { python: options.python, signal: options.signal })
  const own = path.join(folder, name, 'tokenizer')
  fs.mkdirSync(own)
  const rows = await options.tokenize({
    ...{ file, call, places, data: options.data, folders: [], arguments: options.arguments, isScript: false, ship: own },
    ...{ interpreter: [executable, ...words.slice(0, -1)], limitMs: TOKENIZERS_MS, signal: options.signal },
  })
  const found = (rows ?? []).find(({ standIn, equal, ratioLow }) => standIn !== undefined && equal === 'bits' && ratioLow > 1)
  if (found !== undefined) {
    fs.writeFileSync(path.join(own, 'requirements.txt'), 'tokenizers\n')
    const { line, function: of, standIn } = found
    return [{ name: 'tokenizer', file: path.resolve(found.file), line, function: of, standIn: standIn! }]
  }
  fs.rmSync(own, { recursive: true })
  return []
}

/** The reason if it cannot be. */
async function fixOne(
  model: CapturedModel,
  { name, folder }: Program,
  options: FixProgramOptions,
  { fix }: FixProgramPorts,
): Promise<ReportDocument | string> {
  const { budgetSeconds, maxLoss, threads, memoryLimitBytes, onProgress, onTrial, signal, python: named } = options
  const common = {
    ...{ python: named, threads, memoryLimitBytes, budgetSeconds, maxLoss },
    ...(onProgress && { onProgress }),
    ...(onTrial && {
      onTrial: (trial: TrialRow) => onTrial({ ...trial, reason: trial.reason && withoutFile(trial.reason, model) }),
    }),
    ...(signal && { signal }),
    out: path.join(folder, name, model.name),
    batch: (model.batch ?? 1) > 1 && model.standIn?.kind === 'rows' ? model.batch! : null,
    outputs: outputsOf(model),
  }
  const attempts = model.data == null ? [null] : [model.data, null]
  let reason = ''
  for (const data of attempts) {
    try {
      const { report } = await fix(model.file!, { ...common, data })
      if (fs.existsSync(path.join(common.out, 'predict.py'))) return report
      return report.fix?.python?.leftOut ?? 'what was found for it has no Python module'
    } catch (error) {
      signal?.throwIfAborted()
      if (!(error instanceof InputError)) throw error
      reason = withoutFile(error.message, model)
    }
  }
  return reason
}

/** The model's file is gone when it is read about. */
const withoutFile = (text: string, { file }: CapturedModel): string => text.replaceAll(`${file}: `, '')

/** Outputs that the methods of a model of rows give; null: all are kept. */
function outputsOf({ standIn }: CapturedModel): readonly string[] | null {
  if (standIn?.kind !== 'rows') return null
  return [...new Set(Object.values(standIn.methods as Record<string, { readonly output: string }>).map(({ output }) => output))]
}

function prove({ given, file, call }: Program, { files }: Captured, root: string, options: FixProgramOptions) {
  const { data, python: named, trials, onProgress, signal, maxLoss, limitSeconds, arguments: words } = options
  const changed = Object.fromEntries(files.map((one) => [one.file, one.text]))
  return options.compare([file, file], {
    ...{ data, call, python: named, trials, limitSeconds, arguments: words, quick: true, tolerance: maxLoss ?? ROUNDING },
    instead: { changed, package: root },
    names: [given, `${given} (changed)`],
    ...(onProgress && { onProgress }),
    ...(signal && { signal }),
  })
}

function rowOf({ name, engine, type, ran, reason, notes = [] }: CapturedModel, fixed: FixedModel | undefined): AbFixedModel {
  const place = ran === null ? null : { file: ran.file, line: ran.line }
  const row = { name, engine, type, place, reason, notes }
  if (fixed === undefined) return { ...row, runs: reason === null ? engine : null }
  return { ...row, runs: runsOf(fixed.report) }
}

const runsOf = ({ fix, engine }: ReportDocument): string | null => fix?.python?.runs ?? fix?.engine?.id ?? engine?.id ?? null

const shownFrom = (file: string): string => {
  const relative = path.relative(process.cwd(), file)
  return relative.startsWith('..') ? file : relative
}
