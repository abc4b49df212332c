// The process that runs the user's program for the texts that its tokenizer is given, and then a library's tokenizer next to it. It reads one
// plan from standard input and writes one answer to descriptor 3; what the program prints goes where it went.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { dirname } from 'node:path'
import { endWithParent } from '@whyslow/measure/trials/end-with-parent.ts'
import type { AlternativeFact } from '../../facts.ts'
import { writeMessage } from '../../javascript/channel.ts'
import { putIn } from '../../javascript/hooks-install.ts'
import type { Insertion } from '../../javascript/prepare.ts'
import { openCalls, type ProgramPlan } from '../../turns/program.ts'
import { insteadOfTokenizing } from './instead-of-tokenizing.ts'
import { watchReadFolders } from './read-folders.ts'
import { TextsSeen } from './texts-seen.ts'
import { TEXTS } from './tokenizer-functions.ts'

export interface TokenizerPlan extends ProgramPlan {
  /** Looks, by file. */
  readonly looks: Readonly<Record<string, readonly Insertion[]>>
  /** Folders where a vocabulary may lie. */
  readonly folders: readonly string[]
}

const MOST_CALLS = 64
const CALLS_MS = 10_000
/** How long a script is watched, and how long nothing new may come. */
const SCRIPT_MS = 20_000
const STILL_MS = 1000

endWithParent()
const realExit = process.exit.bind(process)
const plan = JSON.parse(fs.readFileSync(0, 'utf8')) as TokenizerPlan
const seen = new TextsSeen()
const read = watchReadFolders()

// A program may end itself, or have nothing left to do: it was looked at then, too.
let isEnded = false
let end = (): void => {}
const ended = new Promise<void>((resolve) => {
  end = () => {
    isEnded = true
    resolve()
  }
})

Object.defineProperty(globalThis, TEXTS, { value: seen.look, configurable: true, writable: true })
for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, () => {
    // What is left of a program that ended goes on to throw.
    if (!isEnded) conclude(null)
  })
await putIn(plan.looks, plan.file)
process.once('beforeExit', end)
// To the end: what is left of it may say so again.
process.exit = () => {
  end()
  throw new Error('the program ended itself')
}
syncBuiltinESMExports()
try {
  await Promise.race([run(), ended])
} catch {
  if (!isEnded) conclude(null)
}
// Of the looks their guards alone remain in the code that is timed.
;(globalThis as Record<string, unknown>)[TEXTS] = undefined
conclude(await insteadOfTokenizing(seen.functions, plan.file, [...read, ...plan.folders, dirname(plan.file)]).catch(() => null))

async function run(): Promise<void> {
  const program = await openCalls(plan)
  if (program === null) return untilStill()
  const late = performance.now() + CALLS_MS
  for (const sample of program.samples.slice(0, MOST_CALLS)) if (performance.now() < late) await program.call(sample)
}

/** It may take its time before it calls them. What waits here keeps no program alive that has nothing left to do. */
async function untilStill(): Promise<void> {
  const late = performance.now() + SCRIPT_MS
  for (let last = -1; performance.now() < late; ) {
    // Its main function is seen, too, and is given no text.
    const given = [...seen.functions.values()].filter((one) => one.given.size > 0)
    const now = given.reduce((sum, { calls }) => sum + calls, 0)
    if (now > 0 && now === last) return
    last = now
    await new Promise((resolve) => setTimeout(resolve, STILL_MS).unref())
  }
}

function conclude(found: AlternativeFact | null): void {
  writeMessage(found === null ? [] : [found])
  realExit(0)
}
