// `check`: has this model become slower than it may? Against a baseline model both take turns in one run; against a report that was kept
// the intervals of two runs are compared, on the same machine alone unless it is said otherwise.
import path from 'node:path'
import { engineOptionsOf } from '@whyslow/command/engine-options.ts'
import { limitsOf, machineOf } from '@whyslow/command/limits.ts'
import { withMachineLock } from '@whyslow/command/machine-lock.ts'
import { openModel } from '@whyslow/command/open-model.ts'
import { DEFAULTS, type WhyOptions } from '@whyslow/command/options.ts'
import type { Run } from '@whyslow/command/run.ts'
import { inTemporaryFolder } from '@whyslow/command/temporary-folder.ts'
import { documentHead } from '@whyslow/command/version.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { fileForEngine, type Model } from '@whyslow/graph/model.ts'
import { inputFacts } from '@whyslow/measure/choose-inputs.ts'
import { machineKey } from '@whyslow/measure/machine/key.ts'
import { LEVEL, median, p50Interval, processInterval } from '@whyslow/measure/statistics/index.ts'
import { summarize } from '@whyslow/measure/timing/latency.ts'
import { measureRounds, ratioOf, type SetupRun } from '@whyslow/measure/timing/rounds.ts'
import type { Latency, LatencyBlock } from '@whyslow/measure/timing/types.ts'
import { modelTask } from '@whyslow/measure/trials/model-task.ts'
import { reasonOf } from '@whyslow/measure/trials/port.ts'
import { type BaselineReport, type CheckDocument, decide } from '@whyslow/report/documents/check.ts'
import { inputsOf } from '@whyslow/report/documents/history.ts'
import { isReport, type ReportDocument } from '@whyslow/report/documents/report.ts'
import { faultIn, readJson } from '@whyslow/report/saved/saved-document.ts'
import { checkAnswer } from '@whyslow/report/text/verdict-text.ts'
import { limitsFor, type OpeningContext, openModels } from './compare/contestants.ts'
import { blocksOf, isReady } from './compare/measure.ts'
import { COMPARE_DEFAULTS } from './compare/options.ts'
import { type Judge, judgeOf, judgeStatistic } from './judged-statistic.ts'
import { type BlockWithHandoff, roundsAlike, sameRegime, whyApart } from './same-regime.ts'

export interface CheckOptions extends WhyOptions {
  /** The model that is measured in turns with the one that is checked; exactly one of `baseline` and `against` is given. */
  readonly baseline: string | null
  /** A report document whose latency the model's is compared with, or a store: the latest of a model of that name. */
  readonly against: string | null
  /** The model fails where the interval of its time over the baseline's is above. */
  readonly failAbove: number
  /** Most rounds; fewer where the answer is clear before. null: 12, or 6 with `quick`. */
  readonly rounds: number | null
  /** The share of a percentile that is judged instead of the p50: 0.99 for p99. null: the p50. */
  readonly percentile: number | null
  /** Predictions per second are judged instead of the p50. */
  readonly throughput: boolean
  /** A report of another machine may be compared with; that is then said. */
  readonly allowOtherMachine: boolean
}

const CHECK_DEFAULTS: CheckOptions = {
  ...DEFAULTS,
  baseline: null,
  against: null,
  failAbove: 1.1,
  rounds: null,
  percentile: null,
  throughput: false,
  allowOtherMachine: false,
}

/** Fewer rounds have intervals too wide to decide anything. */
const LEAST_ROUNDS = 5
const QUICK_LEAST = 3
const ROUNDS = 12
const QUICK_ROUNDS = 6
const BLOCK_MS = 250

/** Where several machines keep reports. */
export interface ReportStores {
  /** True of what names a store, rather than a document. */
  readonly isStore: (where: string) => boolean
  /** The store's name, without passwords. */
  readonly storeName: (where: string) => string
  /** Hands on each report, oldest first; returns warnings. Throws InputError if the store, given by `flag`, cannot be used. */
  readonly eachStored: (where: string, use: (report: ReportDocument) => void, flag: string) => Promise<string[]>
}

/**
 * Measures the model in `file` and decides. Without `stores`, what it is checked against is a file. Throws InputError if a model or a report cannot be used, if a process fails, or if
 * the report is of another machine, engine or input.
 */
export async function check(
  file: string,
  given: Partial<CheckOptions> = {},
  stores: ReportStores | null = null,
): Promise<CheckDocument> {
  const options = { ...CHECK_DEFAULTS, ...given }
  const { baseline, against } = options
  if ((baseline === null) === (against === null))
    throw new InputError('check compares with one thing: give --baseline base.onnx, or --against report.json')
  const judge = judgeOf(options)
  if (judge !== null && baseline === null)
    throw new InputError('--percentile and --throughput need a --baseline model: a report does not hold every prediction')
  const kept = against === null ? null : await readKept({ ...options, against, file }, stores)
  const report = kept?.report ?? null
  const files = baseline === null ? [file] : [baseline, file]
  if (baseline === file) throw new InputError(`${file} is its own baseline; give the model that it is to be compared with`)
  const models: Model[] = []
  for (const one of files) models.push(await openModel(one, options))
  const progress = options.onProgress ?? (() => {})
  return inTemporaryFolder(async (folder) => {
    const opening: OpeningContext = {
      options: { ...COMPARE_DEFAULTS, ...options, batches: options.batch === null ? null : [options.batch] },
      folder,
      limits: limitsOf(machineOf(options.trials), options),
      progress: (stage, done, of) => progress({ stage, done, of }),
    }
    const { contestants } = await openModels(models, opening)
    const ready = contestants.map((contestant) => {
      if (isReady(contestant)) return contestant
      const out = 'out' in contestant.state ? contestant.state.out : null
      throw new InputError(
        `${contestant.id} cannot be measured: ${out === null || out.outcome === 'not-here' ? '' : reasonOf(out)}`,
      )
    })
    const last = ready.at(-1)!
    const machine = machineOf(options.trials, last.engine!.accelerators)
    const warnings: string[] = [...(kept?.warnings ?? []), ...last.state.ready.inputs.warnings]
    if (report !== null)
      warnings.push(
        ...differences({ report, file: against! }, { engine: last.engine!, inputs: last.state.ready.inputs, machine }, options),
      )
    if (ready.length > 1 && last.state.ready.renames === null)
      warnings.push(`${last.id} does not take the inputs of ${ready[0]!.id}: each is fed with its own`)

    const most = options.rounds ?? (options.quick ? QUICK_ROUNDS : ROUNDS)
    const least = Math.min(most, options.quick ? QUICK_LEAST : LEAST_ROUNDS)
    const sampleMs = options.seconds === null ? BLOCK_MS : (options.seconds * 1000) / least
    const runs = await withMachineLock(
      { trials: options.trials, progress },
      () =>
        measureRounds({
          run: options.trials.run,
          setups: ready.map((contestant) => ({
            task: {
              ...modelTask(
                options.engine,
                fileForEngine(contestant.model),
                engineOptionsOf(options, contestant),
                contestant.state.ready.inputs.saved,
              ),
              sampleMs,
              brief: false,
            },
            limits: limitsFor(contestant, opening),
            threads: contestant.state.ready.inputs.threadsInUse,
          })),
          rounds: report === null ? most : least,
          isEnough: (soFar) => report === null && isClear(soFar, least, options.failAbove, judge),
          onBlock: (i, round) => opening.progress(`round ${round + 1}: ${ready[i]!.id}`, round, report === null ? most : least),
        }),
      warnings,
    )
    options.signal?.throwIfAborted()
    const failed = runs.findIndex(({ failure }) => failure !== null)
    if (failed >= 0) throw new InputError(`${ready[failed]!.id} cannot be measured: ${reasonOf(runs[failed]!.failure!)}`)
    const threads = last.state.ready.inputs.threadsInUse
    const summarized = (blocks: readonly LatencyBlock[]) => summarize(blocks, threads, machine)
    const own = { file, blocks: blocksOf(runs.at(-1)!), threads, summarized }
    const { apart: otherState, ...facts } =
      report === null ? { ...paired(files, runs, threads), apart: null } : apart(own, { report, file: against! })
    if (otherState !== null) warnings.push(otherState)
    const judged = judge === null ? null : judgeStatistic(roundsAlike(runs, threads), judge, { sampleMs, least })
    const document = {
      ...documentHead('whyslow-check/1'),
      verdict: otherState !== null ? ('unclear' as const) : decide(judged ?? facts, options.failAbove),
      failAbove: options.failAbove,
      ...facts,
      ...(judged === null ? {} : { judged }),
      warnings,
    }
    return { ...document, answer: checkAnswer(document) }
  })
}

type Facts = Pick<CheckDocument, 'ratio' | 'ratioLow' | 'ratioHigh' | 'rounds' | 'model' | 'baseline'>

/** Base first. Exported for its test. */
export function isClear(runs: readonly SetupRun[], least: number, failAbove: number, judge: Judge | null = null): boolean {
  const [base, model] = runs
  if (base!.failure !== null || model!.failure !== null) return true
  const ratio = ratioOf(base!, model!, LEVEL)
  if (ratio === null || ratio.rounds < least) return false
  const judged = judge === null ? ratio : judgeStatistic(roundsAlike(runs, base!.threads ?? 2), judge, null)
  return decide(judged, failAbove) !== 'unclear'
}

function paired([baseFile, file]: readonly string[], runs: readonly SetupRun[], threads: number): Facts {
  const ratio = ratioOf(runs[0]!, runs[1]!, LEVEL)
  if (ratio === null) throw new InputError('one round decides nothing; give --runs 2 or more')
  const { base, own } = roundsAlike(runs, threads)
  return { ...ratio, model: sideOf(file!, own), baseline: { ...sideOf(baseFile!, base), paired: true } }
}

function sideOf(file: string, blocks: readonly LatencyBlock[]): CheckDocument['model'] {
  const { low, high } = p50Interval(blocks)
  return { file, p50Ms: median(blocks.map(({ p50Ms }) => p50Ms)), ciLowMs: low, ciHighMs: high }
}

interface Against {
  readonly report: BaselineReport
  readonly file: string
}

interface OwnRun {
  readonly file: string
  readonly blocks: readonly LatencyBlock[]
  readonly threads: number
  readonly summarized: (blocks: readonly LatencyBlock[]) => Latency
}

/** Two runs: the widest ratio that their intervals allow, of processes that met the machine in one state where there are some of both. */
function apart(
  { file, blocks, threads, summarized }: OwnRun,
  { report, file: against }: Against,
): Facts & { readonly apart: string | null } {
  const then = (report.latency.blocks ?? []).map(({ p50Ms, handoffNs }) => ({
    p50Ms,
    handoffBeforeNs: handoffNs,
    handoffAfterNs: handoffNs,
  }))
  const alike = then.length === 0 ? { base: then, own: blocks } : sameRegime(then, blocks, threads)
  const own = summarized(alike?.own ?? blocks)
  const base = alike === null || alike.base.length === then.length ? report.latency : boundsOf(alike.base)
  return {
    ratio: own.p50Ms / base.p50Ms,
    ratioLow: own.ciLowMs / base.ciHighMs,
    ratioHigh: own.ciHighMs / base.ciLowMs,
    rounds: null,
    model: { file, p50Ms: own.p50Ms, ciLowMs: own.ciLowMs, ciHighMs: own.ciHighMs },
    baseline: { file: against, p50Ms: base.p50Ms, ciLowMs: base.ciLowMs, ciHighMs: base.ciHighMs, paired: false },
    apart: alike === null ? whyApart(then, blocks) : null,
  }
}

function boundsOf(blocks: readonly BlockWithHandoff[]): Pick<Latency, 'p50Ms' | 'ciLowMs' | 'ciHighMs'> {
  const p50s = blocks.map(({ p50Ms }) => p50Ms)
  const { low, high } = processInterval(p50s)
  return { p50Ms: median(p50s), ciLowMs: low, ciHighMs: high }
}

/** A report to check against, and what is to be warned of. */
interface Kept {
  readonly report: BaselineReport
  readonly warnings: readonly string[]
}

async function readKept(given: Parameters<typeof latestOf>[1], stores: ReportStores | null): Promise<Kept> {
  return stores?.isStore(given.against) ? latestOf(stores, given) : readReport(given.against)
}

function readReport(file: string): Kept {
  const what = `--against ${file}`
  const report = readJson(file, { what, hint: 'give what whyslow MODEL --json wrote' })
  if (!isReport((report as Partial<BaselineReport> | null)?.schema))
    throw new InputError(`${what}: this is not a report document; give what whyslow MODEL --json wrote`)
  const fault = faultIn('baseline', report)
  if (fault !== undefined)
    throw new InputError(`${what}: the report holds no latency of a model (${fault}); measure the baseline again with --json`)
  return { report: report as BaselineReport, warnings: [] }
}

/** The latest that a store holds of a model of this name (its content may have changed), on this machine and engine. */
async function latestOf(
  { storeName, eachStored }: ReportStores,
  { against, file, engine, allowOtherMachine, trials }: CheckOptions & { readonly against: string; readonly file: string },
): Promise<Kept> {
  const what = `--against ${storeName(against)}`
  const name = path.basename(file)
  const here = machineKey(machineOf(trials))
  const engines = new Set<string>()
  // One at most: the last that fits.
  const latest: ReportDocument[] = []
  const warnings = await eachStored(
    against,
    (report) => {
      if (path.basename(report.model!.file) !== name) return
      engines.add(report.engine!.id)
      const isMeant = report.engine!.id === engine && (allowOtherMachine || machineKey(report.machine) === here)
      if (isMeant) latest[0] = report
    },
    '--against',
  )
  if (latest[0] !== undefined)
    return { report: latest[0] as BaselineReport, warnings: warnings.map((warning) => `${what}: ${warning}`) }
  const why =
    engines.size === 0
      ? `nothing is kept of a model called ${name}`
      : engines.has(engine)
        ? `${name} was kept on other machines alone; --allow-other-machine takes the latest of them`
        : `${name} was kept with ${[...engines].join(', ')}, not with ${engine}`
  throw new InputError(`${what}: ${why}; whyslow fleet run ${file} --store ${storeName(against)} measures a baseline`)
}

/** Throws InputError if the two cannot be compared; what can be lived with is said. */
function differences(
  { report, file }: Against,
  { engine, inputs, machine }: Pick<Run, 'engine' | 'inputs' | 'machine'>,
  options: CheckOptions,
): string[] {
  const said: string[] = []
  const then = report.engine
  if (then.id !== options.engine)
    throw new InputError(`--against ${file}: measured with ${then.id}, not with ${options.engine}; give --engine ${then.id}`)
  const [was, is] = [inputsOf(report.model.inputs), inputsOf(inputFacts(inputs))]
  if (was !== is)
    throw new InputError(`--against ${file}: measured with ${was}, here it would be ${is}; give the same --shape or --data`)
  if (machineKey(report.machine) !== machineKey(machine)) {
    const what = `${report.machine.cpu} with ${report.machine.usableCpus} usable CPUs; here ${machine.cpu} with ${machine.usableCpus}`
    if (!options.allowOtherMachine)
      throw new InputError(
        `--against ${file}: of another machine (${what}); measure the baseline here, pair it with --baseline base.onnx, or give --allow-other-machine`,
      )
    said.push(`the report is of another machine (${what}): the ratio is as much the machines' as the models'`)
  }
  if (then.version !== engine.version)
    said.push(`the report was measured with ${then.id} ${then.version}, this with ${engine.version}`)
  if (then.options.threads !== options.threads) said.push('the report was measured with another --threads')
  return said
}
