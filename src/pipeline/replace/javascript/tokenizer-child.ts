// The process that runs the user's program for the texts that its tokenizer is given, and then the tokenizer of a library beside it. It reads one
// plan from standard input and writes one answer to descriptor 3; what the program prints goes where it went.
import fs from 'node:fs'
import { dirname } from 'node:path'
import type { AlternativeFact } from '../../facts.ts'
import { putIn } from '../../javascript/hooks-install.ts'
import type { Insertion } from '../../javascript/prepare.ts'
import { readSamples } from '../../javascript/samples.ts'
import { runFile, type Start } from '../../javascript/started.ts'
import { stepOf, targetOf } from '../../turns/contract.ts'
import { finished } from '../../turns/finished.ts'
import { insteadOfTokenizing } from './instead-of-tokenizing.ts'
import { watchReadFolders } from './read-folders.ts'
import { TextsSeen } from './texts-seen.ts'
import { TEXTS } from './tokenizer-functions.ts'

export interface TokenizerPlan {
  /** Absolute. */
  readonly file: string
  readonly call: string | null
  readonly start: Start
  /** Of a script. */
  readonly arguments: readonly string[]
  /** What --data named, absolute; null: the program's own samples. */
  readonly data: string | null
  /** Looks, by file. */
  readonly looks: Readonly<Record<string, readonly Insertion[]>>
  /** Folders where a vocabulary may lie. */
  readonly folders: readonly string[]
}

const MOST_CALLS = 64
const CALLS_MS = 10_000
/** Of a script, how long it is looked at, and how long nothing new may come. */
const SCRIPT_MS = 20_000
const STILL_MS = 1000
const ANSWER = 3

const realExit = process.exit.bind(process)
const plan = JSON.parse(fs.readFileSync(0, 'utf8')) as TokenizerPlan
const seen = new TextsSeen()
const read = watchReadFolders()

Object.defineProperty(globalThis, TEXTS, { value: seen.look, configurable: true })
for (const event of ['uncaughtException', 'unhandledRejection']) process.on(event, () => conclude(null))
await putIn(plan.looks, plan.file)
await run().then(
  async () => {
    // What is timed is the user's code without looks.
    delete (globalThis as Record<string, unknown>)[TEXTS]
    const folders = [...read, ...plan.folders, dirname(plan.file)]
    conclude(await insteadOfTokenizing(seen.functions, plan.file, folders))
  },
  () => conclude(null),
)

async function run(): Promise<void> {
  const module = await runFile(plan.file, plan.start, plan.arguments)
  const target = targetOf(module, plan.call, plan.file)
  if (target.kind === 'script') return untilStill()
  const model = target.load === null ? undefined : await target.load()
  const { list } = await readSamples(target.samples, plan.data)
  const steps = target.stages.map((stage) => stepOf(stage, model))
  const end = performance.now() + CALLS_MS
  for (let k = 0; k < Math.min(MOST_CALLS, Math.max(1, list.length)) && performance.now() < end; k++) {
    let value = list[k]
    for (const step of steps) value = await finished(step(value))
  }
}

async function untilStill(): Promise<void> {
  const end = performance.now() + SCRIPT_MS
  for (let last = -1; performance.now() < end; ) {
    const now = [...seen.functions.values()].reduce((sum, { calls }) => sum + calls, 0)
    if (now === last) return
    last = now
    await new Promise((resolve) => setTimeout(resolve, STILL_MS))
  }
}

function conclude(found: AlternativeFact | null): void {
  fs.writeSync(ANSWER, JSON.stringify(found === null ? [] : [found]))
  realExit(0)
}
