// The process that runs the user's program for what its loops see, and then the loops against what may replace them. It reads one plan
// from standard input and writes one answer to descriptor 3; what the program prints goes where it went.
import fs from 'node:fs'
import { endWithParent } from '@whyslow/measure/trials/end-with-parent.ts'
import { writeMessage } from '../../javascript/channel.ts'
import { putIn } from '../../javascript/hooks-install.ts'
import { openCalls } from '../../turns/program.ts'
import { type Atom, ReplacementRefusal } from './fragment.ts'
import { kernelForm } from './kernel-form.ts'
import { LOOK, looksOf, type PlannedCandidate, type ProveAnswer, type ProvePlan } from './plan.ts'
import { checkKinds, copyArrays, isTyped, prove, type Run, takeTurns, type Values } from './prove.ts'

/** Most values kept of one place, and most calls examined of the program. */
const MOST_SEEN = 2
const MOST_CALLS = 4
const MOST_BYTES = 1 << 30
/** How long a program without stages that never ends is observed. */
const SCRIPT_MS = 20_000

endWithParent()
const realExit = process.exit.bind(process)
const plan = JSON.parse(fs.readFileSync(0, 'utf8')) as ProvePlan
const seen: Values[][] = plan.candidates.map(() => [])
const refusedEarly = new Map<number, string>()
let bytes = 0
let answered = false

Object.defineProperty(globalThis, LOOK, { value: look })
process.on('uncaughtException', (error) => conclude(String(error)))
process.on('unhandledRejection', (error) => conclude(String(error)))
// A script may end itself.
process.on('exit', () => conclude(null))
await putIn(looksOf(plan.candidates), plan.file)
await run().then(
  () => conclude(null),
  (error: unknown) => conclude(String(error)),
)

async function run(): Promise<void> {
  const program = await openCalls(plan)
  if (program === null) return untilSeen()
  const { samples, call } = program
  for (let k = 0; k < MOST_CALLS && !isEnough(); k++) await call(samples[k % samples.length])
}

function isEnough(): boolean {
  return seen.every((one) => one.length === MOST_SEEN)
}

async function untilSeen(): Promise<void> {
  const end = performance.now() + SCRIPT_MS
  while (!isEnough() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 50).unref())
}

/** Called by the user's code, in front of a place. Never throws. */
function look(at: number, values: () => unknown[]): void {
  if (answered || seen[at]!.length === MOST_SEEN || bytes > MOST_BYTES || refusedEarly.has(at)) return
  try {
    const now = values()
    checkKinds(plan.candidates[at]!.atoms, now)
    const own = copyArrays(now)
    bytes += own.reduce<number>((sum, value) => sum + (isTyped(value) || Array.isArray(value) ? value.length * 8 : 0), 0)
    seen[at]!.push(own)
  } catch (error) {
    refusedEarly.set(at, reasonOf(error))
  }
}

function conclude(failed: string | null): void {
  if (answered) return
  answered = true
  const proven: ProveAnswer['proven'][number][] = []
  const refused: ProveAnswer['refused'][number][] = []
  const end = performance.now() + plan.budgetMs
  for (const [at, candidate] of plan.candidates.entries()) {
    try {
      if (performance.now() > end) throw new ReplacementRefusal('there was no time left to try it')
      proven.push({ at, ...proof(candidate, at) })
    } catch (error) {
      refused.push({ at, reason: reasonOf(error) })
    }
  }
  const answer: ProveAnswer = { proven, refused, failed: failed === null ? null : failed.slice(0, 300) }
  writeMessage(answer)
  realExit(0)
}

type Proof = Omit<ProveAnswer['proven'][number], 'at'>

/** Throws ReplacementRefusal. A kernel reads and writes typed arrays: where it does what the loop does, one pass over them gains nothing. */
function proof(candidate: PlannedCandidate, at: number): Proof {
  try {
    return byKernel(candidate, at)
  } catch {
    return inOnePass(candidate, at)
  }
}

/** Throws ReplacementRefusal. */
function inOnePass({ atoms, before, after }: PlannedCandidate, at: number): Proof {
  const values = valuesOf(at)
  const [one, other] = [runOf(atoms, before), runOf(atoms, after)]
  prove(atoms, seen[at]!, one, other)
  return turnsOf(values, one, other)
}

/** Throws ReplacementRefusal. */
function byKernel({ atoms, before }: PlannedCandidate, at: number): Proof {
  const values = valuesOf(at)
  const loop = runOf(atoms, before)
  const { run: kernel, code, equal } = kernelForm(atoms, seen[at]!, loop)
  return { ...turnsOf(values, loop, kernel), conversionMs: null, kernel: { code, equal } }
}

/** Throws ReplacementRefusal if it was not reached, or what it takes is of another kind. */
function valuesOf(at: number): Values {
  const early = refusedEarly.get(at)
  if (early !== undefined) throw new ReplacementRefusal(early)
  const [values] = seen[at]!
  if (values === undefined) throw new ReplacementRefusal('it was not reached')
  return values
}

function runOf(atoms: readonly Atom[], body: string): Run {
  return new Function(...atoms.map(({ name }) => name), `"use strict";\n${body}`) as Run
}

function turnsOf(values: Values, before: Run, after: Run): Proof {
  const arrays = values.filter((value): value is unknown[] | Float64Array => Array.isArray(value) || isTyped(value))
  return {
    ...takeTurns(values, before, after, () => performance.now()),
    elements: Math.max(0, ...arrays.map(({ length }) => length)),
    kinds: [...new Set(arrays.map((array) => (Array.isArray(array) ? 'lists' : array.constructor.name)))],
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof ReplacementRefusal) return error.message
  return `it cannot be tried: ${error instanceof Error ? error.message : String(error)}`
}
