// One implementation in a process of its own: what it can be asked, and what it answers. Behind it stand a process of Node, one of Python,
// and a scripted one for tests.
import type { Start } from './run-file.ts'
import type { Encoded } from './value.ts'

export interface Contestant {
  readonly pid: number
  /** Throws ContestantFailed where the program throws, ends, or does not answer in time; the process is of no more use then. */
  ask<R extends Request>(request: R, timeMs: number): Promise<Answer<R>>
  /** Ends the process and what it started, at once. */
  end(): Promise<void>
}

/** Starts a process for one implementation; nothing of the program runs before it is asked. */
export type StartContestant = (source: Source) => Contestant

/** What is measured of a file. */
export interface Source {
  readonly file: string
  readonly language: 'javascript' | 'python'
  /** The function to call in place of the stages; null: the stages. */
  readonly call: string | null
  /** How a file of JavaScript is started; its source says so (javascript/exported.ts). */
  readonly start?: Start | 'script'
  /** The program's own; absent: none. */
  readonly arguments?: readonly string[]
  /** What runs it: an executable, and the arguments in front of the file. */
  readonly interpreter: readonly string[]
  /** Changes of a Python program that are tried; absent: it runs as its files have it. */
  readonly instead?: FileOverrides
}

/** Text in place of what files hold, by absolute path, and a package that they import, wherever its folder is. */
export interface FileOverrides {
  readonly changed: Readonly<Record<string, string>>
  readonly package: string
}

/** `watched`: other threads can be observed and paused later. `data`: samples will be given. */
export interface OpenRequest extends Pick<Source, 'file' | 'call' | 'start' | 'instead' | 'arguments'> {
  readonly ask: 'open'
  readonly watched?: true
  readonly data?: true
}

export type Request =
  | OpenRequest
  /** The program's own samples, at most this many. */
  | { readonly ask: 'samples'; readonly most: number }
  /** The samples to work on from now on. */
  | { readonly ask: 'give'; readonly samples: readonly Encoded[] }
  /** Asks it to work on its own samples, which were requested before. */
  | { readonly ask: 'keep' }
  /** One call; `stage` names what it is in, should it never end. */
  | { readonly ask: 'output'; readonly sample: number }
  /** What goes on in addition to the calls, and whether that can be held still. */
  | { readonly ask: 'others'; readonly order: readonly number[] }
  | TimeRequest

export interface TimeRequest {
  readonly ask: 'time'
  /** The samples of one pass, in their order. */
  readonly order: readonly number[]
  /** Passes go on until both are reached. */
  readonly leastMs: number
  readonly leastPasses: number
  /** Every pass gets copies of its samples, since the program writes into them. */
  readonly copies: boolean
  /** The prediction alone: what comes before it is made outside the time, what comes after it left out. */
  readonly alone?: boolean
  /** Each call begins this long after the last one's end, outside the time. */
  readonly gapMs?: number
  /** What is held still meanwhile; the program was opened `watched`. */
  readonly still?: readonly ProcessActivity[]
}

/** What an application has in its process in addition to the calls: more on the event loop, other sessions of an engine, other threads. */
export type ProcessActivity = 'loop' | 'sessions' | 'threads'

export interface AlternativeFound {
  readonly other: ProcessActivity
  /** What was at work, in words; null: nothing. */
  readonly seen: string | null
  /** Why it cannot be held still; null: it can, or nothing was at work. */
  readonly reason: string | null
}

export interface AlternativesFound {
  readonly others: readonly AlternativeFound[]
  /** The model's file of the session that calls spend most in; null: not known, or there is none. */
  readonly main: string | null
}

export type Answer<R extends Request> = R extends { ask: 'open' }
  ? OpenedContestant
  : R extends { ask: 'samples' }
    ? GivenSamples
    : R extends { ask: 'output' }
      ? Output
      : R extends { ask: 'time' }
        ? PassTimes
        : R extends { ask: 'others' }
          ? AlternativesFound
          : Record<never, never>

export interface OpenedContestant {
  /** 'Node 20.19.0', 'Python 3.11.7'. */
  readonly runtime: string
  /** Names of what is called in turn; a single function has its own name. Empty: the file has none, and is a script. */
  readonly stages: readonly string[]
  readonly hasSamples: boolean
  /** Whether a call takes a sample. */
  readonly takesSample: boolean
  /** Reading the file with all it imports. */
  readonly importMs: number
  /** `load()`; null if there is none. */
  readonly loadMs: number | null
  /** Names of packages that it brought in, of those that matter to speed. */
  readonly packages: readonly string[]
}

export interface GivenSamples {
  readonly samples: readonly Encoded[]
  /** The kind of value in them that others cannot be given as it is: 'DataFrame', 'Date'; null: they travel. */
  readonly stays: string | null
}

export interface Output {
  readonly value: Encoded
  readonly timeMs: number
  /** The call changed its sample. */
  readonly wroteInput: boolean
  /** Each call has a sample of its own, so that what it writes reaches no other. */
  readonly copied: boolean
  /** Why a model itself answered in place of what is shipped for it; null or absent: it did not. */
  readonly handedBack?: string | null
}

export interface PassTimes {
  /** One pass over `order` each. */
  readonly passMs: readonly number[]
}

/** What became of a program that gave no answer. */
export interface Failure {
  readonly kind: 'threw' | 'ended' | 'timed-out' | 'interrupted'
  /** One line, in the program's own words where it has some. */
  readonly reason: string
  /** 'load', 'predict'; null: not known. */
  readonly stage: string | null
  readonly sample: number | null
  /** Line in the user's file; null if it is not known. */
  readonly line: number | null
}

export class ContestantFailed extends Error {
  override readonly name = 'ContestantFailed'
  readonly failure: Failure

  constructor(failure: Failure) {
    super(failure.reason)
    this.failure = failure
  }
}

/** What a process sends: where it is, then an answer or why there is none. */
export type Message =
  | { readonly at: { readonly stage: string; readonly sample: number | null } }
  | { readonly answer: unknown }
  | { readonly failed: Failure }
