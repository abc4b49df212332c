// The process that runs the user's JavaScript: one pass, as its plan says. It starts nothing of whyslow's engines and loads no package,
// so that what is measured is the user's.
import fs from 'node:fs'
import { endWithParent } from '@whyslow/measure/trials/end-with-parent.ts'
import type { Plan, Target } from '../protocol.ts'
import { ContractError, needsSample, reasonOf, type UserTarget } from '../turns/contract.ts'
import { targetIn } from '../turns/program.ts'
import type { Start } from '../turns/run-file.ts'
import { readSamples, type Samples } from '../turns/samples.ts'
import { send, Whereabouts } from './channel.ts'
import { factsPass } from './facts-pass.ts'
import { installHooks } from './hooks-install.ts'
import { Predictions, UserError } from './predictions.ts'
import { profilePass } from './profile-pass.ts'
import { type ScriptMarks, scriptMarks } from './script-marks.ts'
import { userFrame } from './stack.ts'
import { timePass } from './time-pass.ts'

/** How often a script is looked at whose time is over. */
const OPEN_CHECK_MS = 200
/** Share of a CPU that a process waiting for requests may use. */
const RESTING_SHARE = 0.05

const plan = JSON.parse(firstLine()) as Plan
const whereabouts = new Whereabouts(plan.stateFile)
const realExit = process.exit.bind(process)
/** Stage names of the target, once it is known. */
let stageNames: readonly string[] = []
/** As its source says (exported.ts). */
const start: Start = plan.call === null ? (process.argv[2] as Start) : 'imported'
/** Called when a script has ended, before anything is said. */
const onEnd: (() => void)[] = []
/** Sends what a script took up to then, by the clock of `performance`; does nothing otherwise. */
let sayScript: (endMs: number) => void = () => {}
let ended = false
let toldTarget = false
let isScript = false

endWithParent()
// Nothing is left that could settle the promise that is waited for.
process.on('beforeExit', () => {
  if (!ended && !isScript) fail(new Error('the promise that it gave is never settled'))
})
process.on('uncaughtException', fail)
process.on('unhandledRejection', fail)
// A script may end itself; stages may not.
process.on('exit', (code) => {
  if (ended) return
  if (isScript && code === 0) endScript()
})
await run().catch(fail)

async function run(): Promise<void> {
  const { version, execPath } = process
  const runtime = { name: 'node', version: version.slice(1), executable: execPath }
  send({ kind: 'hello', language: 'javascript', runtime, pid: process.pid })
  await installHooks(plan)
  const world = { open, whereabouts, onScriptEnd: (what: () => void) => void onEnd.push(what) }
  if (plan.pass === 'profile') await profilePass(plan, world)
  else if (plan.pass === 'facts') await factsPass(plan, world)
  else {
    const predictions = await open()
    if (predictions !== null) await timePass(predictions, plan)
  }
  if (!isScript) finish()
}

/** Everything up to the first call, which is made; null if the file is a script: it goes on while its timers and requests keep it. */
async function open(): Promise<Predictions | null> {
  const target = await importTarget()
  if (target.kind === 'script') {
    process.once('beforeExit', endScript)
    return null
  }
  let model: unknown
  if (target.load !== null) {
    whereabouts.enter('load')
    const start = performance.now()
    model = await target.load()
    send({ kind: 'loaded', ms: performance.now() - start })
  }
  whereabouts.enter('samples')
  const samples = await readSamples(target.samples, plan.data)
  send({ kind: 'samples', count: samples.source === 'none' ? 0 : samples.list.length, source: samples.source })
  if (samples.cut !== null) send({ kind: 'warning', text: samples.cut })
  checkFed(target, model, samples.source)
  const predictions = new Predictions(target, model, samples.list, whereabouts)
  whereabouts.enter('first')
  const { start, marks } = await predictions.staged()
  const stagesMs = marks.map((mark, at) => mark - (marks[at - 1] ?? start))
  send({ kind: 'first', totalMs: marks.at(-1)! - start, stagesMs })
  return predictions
}

/** Throws ContractError if the first stage needs a sample and there is none. */
function checkFed(target: UserTarget, model: unknown, source: Samples['source']): void {
  if (source !== 'none' || !needsSample(target, model)) return
  throw new ContractError(`${target.stages[0]!.name} takes a sample, and there is none; export samples() or give --data PATH`)
}

async function importTarget(): Promise<UserTarget> {
  whereabouts.enter('import')
  const marks = scriptMarks()
  const started = performance.now()
  // Until it is known to have stages, it may be a script that ends itself.
  isScript = plan.call === null
  sayScript = (end) => send({ kind: 'script', totalMs: end - started, marks: marks.stages({ start: started, end }) })
  const openEnd = endWhereOpen(marks)
  const target = await targetIn({ ...plan, start })
  const ms = performance.now() - started
  isScript = target.kind === 'script'
  if (!isScript) for (const one of [marks, openEnd]) one.stop()
  stageNames = target.stages.map(({ name }) => name)
  // What a script takes is its run.
  sayTarget(isScript ? 0 : ms, target)
  return target
}

function sayTarget(ms: number, { kind }: Pick<UserTarget, 'kind'>): void {
  toldTarget = true
  const told: Target = { kind, stages: stageNames, places: stageNames.map(() => null) }
  send({ kind: 'imported', ms, target: told })
}

function endScript(): void {
  if (ended) return
  const end = performance.now()
  if (!toldTarget) sayTarget(0, { kind: 'script' })
  for (const one of onEnd) one()
  sayScript(end)
  finish()
}

/**
 * A script that marks its stages may be an application, which does not end by itself: what it has marked is told when its time is over. Where none
 * came twice, it may have its end before it: it goes on while its top level runs, or it computes.
 */
function endWhereOpen(marks: ScriptMarks): { stop(): void } {
  const { openEndMs } = plan
  if (openEndMs === undefined || start === 'imported') return { stop: () => {} }
  const started = performance.now()
  let cpu = process.cpuUsage()
  const look = (): void => {
    const { user, system } = process.cpuUsage(cpu)
    cpu = process.cpuUsage()
    const counts = [...marks.counts().values()]
    const rests = toldTarget && user + system < RESTING_SHARE * OPEN_CHECK_MS * 1000
    if (ended || counts.length === 0 || !(rests || counts.some((count) => count > 1))) return
    const seconds = Math.round((performance.now() - started) / 1000)
    send({
      kind: 'warning',
      text: `it did not end within ${seconds} s: the report covers what it had marked by then; --timeout waits longer`,
    })
    endScript()
  }
  let timer: NodeJS.Timeout = setTimeout(() => {
    cpu = process.cpuUsage()
    timer = setInterval(look, OPEN_CHECK_MS).unref()
  }, openEndMs).unref()
  return { stop: () => clearTimeout(timer) }
}

function finish(): void {
  whereabouts.enter('end')
  ended = true
  send({ kind: 'bye' })
  realExit(0)
}

function fail(error: unknown): void {
  if (ended) return
  ended = true
  const thrown = error instanceof UserError ? error.thrown : error
  const { phase, stage, sample } = whereabouts
  const frame = thrown instanceof Error ? userFrame(thrown.stack ?? '') : null
  send({
    kind: 'failed',
    phase,
    stage: stage === null ? null : (stageNames[stage] ?? null),
    sample,
    reason: reasonOf(thrown),
    place: frame === null ? null : { file: frame.file, line: frame.line },
    contract: thrown instanceof ContractError,
  })
  realExit(1)
}

function firstLine(): string {
  const parts: Buffer[] = []
  const part = Buffer.alloc(65536)
  for (;;) {
    const length = readSome(part)
    if (length === 0) break
    parts.push(Buffer.from(part.subarray(0, length)))
    if (part.subarray(0, length).includes(10)) break
  }
  return Buffer.concat(parts).toString('utf8').split('\n')[0]!
}

function readSome(into: Buffer): number {
  for (;;) {
    try {
      return fs.readSync(0, into)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EOF') return 0
      if (code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
}
