// The models that a Python program runs, taken out of it by the program itself, in a process of its own: each a file, with what it was given.
import fs from 'node:fs'
import path from 'node:path'
import { limitsOf, machineOf } from '@whyslow/command/limits.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { refusal } from '../../failure.ts'
import type { Captured, CapturedModel, CapturedTokenizer, Message, Plan } from '../../protocol.ts'
import { python } from '../../python/python.ts'
import type { FixProgramOptions } from './options.ts'

const LONGEST_MS = 1_800_000
const MOST_NAMED = 8

export interface Program {
  /** As it was typed. */
  readonly given: string
  readonly file: string
  readonly call: string | null
  /** Name of the package that is written. */
  readonly name: string
  readonly folder: string
  /** What it is taken out for. */
  readonly command: 'fix' | 'compare'
}

export interface SeenProgram extends Captured {
  /** What is said of its samples. */
  readonly warnings: readonly string[]
  /** Time from its first import to its first result. */
  readonly startMs: number
}

export interface Round {
  readonly number: number
  /** What the round before took out. */
  readonly models: readonly CapturedModel[]
  /** Reasons why models stay as they are, by name. */
  readonly failed: ReadonlyMap<string, string>
  readonly tokenizers: readonly CapturedTokenizer[]
}

/** What a pass over the program needs of its options. */
export type CaptureOptions = Pick<
  FixProgramOptions,
  'python' | 'data' | 'arguments' | 'limitSeconds' | 'trials' | 'run' | 'memoryLimitBytes' | 'signal' | 'onProgress'
>

export const FIRST_ROUND: Round = { number: 0, models: [], failed: new Map(), tokenizers: [] }

/** Throws InputError if the program cannot be used. */
export async function capture(
  { given, file, call, name, folder, command: asked }: Program,
  options: CaptureOptions,
  { number, models, failed, tokenizers }: Round,
): Promise<SeenProgram> {
  options.onProgress?.({ stage: 'looking at the models that it runs', done: 0, of: 1 })
  const command = await python.command(file, { python: options.python, signal: options.signal })
  const own = path.join(folder, `models-${number}`)
  fs.mkdirSync(own)
  const plan: Omit<Plan, 'stateFile'> = {
    pass: 'capture',
    file,
    call,
    data: options.data === null ? null : path.resolve(options.data),
    arguments: options.arguments,
    budgetMs: 0,
    warmUpMs: 0,
    minCalls: 1,
    intervalUs: 0,
    importTimes: false,
    capture: { folder: own, package: name, models: models.map(identityOf), without: [...failed.keys()], tokenizers },
  }
  const stallMs = options.limitSeconds * 1000
  const limits = { ...limitsOf(machineOf(options.trials), options), stallMs, timeMs: Math.max(LONGEST_MS, stallMs) }
  const result = await options.run(command, plan, { limits, folder })
  const { messages, failure } = result
  const captured = messages.find((message) => message.kind === 'captured')
  const warnings = messages.flatMap((message) => (message.kind === 'warning' ? [message.text] : []))
  if (captured?.kind === 'captured' && captured.kindOfProgram !== 'script')
    return { ...captured, warnings, startMs: startOf(messages) }
  if (failure !== null) throw new InputError(`${given}: ${refusal(result, command.from)}`)
  const functions = captured?.kind === 'captured' ? (captured.functions ?? []) : []
  throw new InputError(
    `${given} runs from top to bottom, and what it gives cannot be compared; put the prediction into predict(sample) and add samples(), or name a function that takes a sample: ${nameOne(given, functions, asked)}`,
  )
}

function startOf(messages: readonly Message[]): number {
  const parts = messages.map((one) =>
    one.kind === 'imported' || one.kind === 'loaded' ? one.ms : one.kind === 'first' ? one.totalMs : 0,
  )
  return parts.reduce((sum, ms) => sum + ms, 0)
}

/** A command with the name of a function: the likeliest of the program's, or an example if it has none. */
function nameOne(given: string, functions: readonly string[], command: Program['command']): string {
  const example = functions.find((name) => /predict|score|classify|infer/i.test(name)) ?? functions.at(-1) ?? 'score'
  const all = functions.length > 1 ? ` (it has ${functions.slice(0, MOST_NAMED).join(', ')})` : ''
  return `whyslow ${command} ${given}:${example} --data samples.json${command === 'fix' ? ' -o fast/' : ''}${all}`
}

const identityOf = ({ name, engine, type, ran }: CapturedModel) => ({ name, engine, type, ran })

/** Why nothing of the program can be used. */
export function noModel(
  given: string,
  { models, tokenizers: [tokenizer] }: Pick<Captured, 'models' | 'tokenizers'>,
  done: 'replaced' | 'compared' = 'replaced',
): string {
  const next = `what is slow in it: whyslow ${given}`
  const first = models[0]
  if (first === undefined && tokenizer !== undefined && done === 'replaced')
    return `${given}:${tokenizer.line}: its tokenizer stays unchanged: the package tokenizers is not installed, has other ids for its texts, or is no faster; ${next}`
  if (first === undefined) return `${given}: no model of a library that whyslow knows was seen at work in it; ${next}`
  return `${given}: its ${first.type} of ${first.engine} cannot be ${done}: ${first.reason}; ${next}`
}
