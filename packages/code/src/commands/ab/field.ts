// Programs of the user's own in processes of their own: what stands at a path, and the processes of one or two of them, ended together.
import { existsSync, statSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { withMachineLock } from '@whyslow/command/machine-lock.ts'
import type { StageProgress } from '@whyslow/command/progress.ts'
import { compiledTwin } from '@whyslow/graph/compiled-twin.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { findInterpreter, pythonEnvironment } from '@whyslow/measure/python/interpreter.ts'
import type { TrialRunner } from '@whyslow/measure/trials/port.ts'
import { readStart } from '../../javascript/exported.ts'
import {
  type Contestant,
  ContestantFailed,
  type OpenedContestant,
  type Source,
  type StartContestant,
} from '../../turns/contestant.ts'

const LANGUAGES: Readonly<Record<string, Source['language']>> = {
  '.py': 'python',
  '.mjs': 'javascript',
  '.js': 'javascript',
  '.cjs': 'javascript',
  '.ts': 'javascript',
  '.mts': 'javascript',
  '.cts': 'javascript',
}

/** What strips types, for Node to run first. */
const register = fileURLToPath(new URL('../../javascript/register-types.js', compiledTwin(import.meta.url)))

/** 'service.py', or 'service.py:handler'. Throws InputError if there is no program. */
export function sourceOf(
  given: string,
  { call, python }: { readonly call: string | null; readonly python: string | null },
): Source {
  const [, path, named] = existsSync(given)
    ? [given, given, undefined]
    : (given.match(/^(.+\.\w+):([\w.]+)$/) ?? [given, given, undefined])
  const stat = statSync(path!, { throwIfNoEntry: false })
  if (stat === undefined) throw new InputError(`${path}: there is no such file; give a program, as in service.py`)
  const language = LANGUAGES[extname(path!).toLowerCase()]
  if (!stat.isFile() || language === undefined)
    throw new InputError(`${path}: not a program that is run here; give a file that ends in ${Object.keys(LANGUAGES).join(', ')}`)
  const program = { file: resolve(path!), language, call: named ?? call }
  const { file } = program
  if (language === 'python') return { ...program, interpreter: interpreterOf(file, python) }
  const { start, isScript } = readStart(file, program.call)
  return { ...program, start: isScript ? 'script' : start, interpreter: nodeFor(file) }
}

const nodeFor = (file: string): readonly string[] =>
  /\.[cm]?ts$/i.test(file) ? [process.execPath, '--import', pathToFileURL(register).href] : [process.execPath]

/** The words that start it. */
function interpreterOf(file: string, named: string | null): readonly string[] {
  const found = findInterpreter({ named, beside: file }, pythonEnvironment())
  if (!found.ok) throw new InputError(`${file}: ${found.reason}; ${found.fix}`)
  return [found.interpreter.executable, ...found.interpreter.arguments]
}

export interface FieldOptions {
  readonly start: StartContestant
  /** How long one answer of a program may take, s. */
  readonly limitSeconds: number
  /** Where samples come from; null: the program's own. */
  readonly data?: string | null
  readonly signal?: AbortSignal
}

/** The processes of one or two programs. */
function openField(sources: readonly Source[], { start, limitSeconds, data = null, signal }: FieldOptions) {
  const alive = new Map<Contestant, Source>()
  const failed = new WeakMap<ContestantFailed, 0 | 1>()
  const limitMs = limitSeconds * 1000
  const abort = () => void Promise.all([...alive.keys()].map((one) => one.end()))
  signal?.addEventListener('abort', abort, { once: true })
  const guarded = (contestant: Contestant, side: 0 | 1): Contestant => ({
    pid: contestant.pid,
    end: () => contestant.end(),
    ask: async (request, timeMs) =>
      contestant.ask(request, timeMs).catch((error: unknown) => {
        if (error instanceof ContestantFailed) failed.set(error, side)
        throw error
      }),
  })
  return {
    limitMs,
    /** `watched`: also observes what else goes on during its calls. */
    async open(
      side: 0 | 1,
      { watched = false }: { readonly watched?: boolean } = {},
    ): Promise<{ readonly contestant: Contestant; readonly opened: OpenedContestant }> {
      signal?.throwIfAborted()
      const source = sources[side]!
      const contestant = guarded(start(source), side)
      alive.set(contestant, source)
      const { file, call, start: started, instead, arguments: words } = source
      const more = { ...(watched && { watched }), ...(data !== null && { data: true as const }), ...(instead && { instead }) }
      const own = { ...(started !== undefined && { start: started }), ...(words && { arguments: words }) }
      const request = { ask: 'open', file, call, ...own, ...more } as const
      const opened = await contestant.ask(request, limitMs)
      return { contestant, opened }
    },
    /** Ends all processes; others may be opened after. */
    async end() {
      await Promise.all([...alive.keys()].map((one) => one.end()))
      alive.clear()
    },
    /** Ends all processes, for good. */
    async close() {
      signal?.removeEventListener('abort', abort)
      await this.end()
    },
    sideOf: (error: ContestantFailed) => failed.get(error) ?? 0,
    sources,
  }
}

export type Field = ReturnType<typeof openField>

interface FieldJob<T> {
  readonly trials: Pick<TrialRunner, 'alone'>
  readonly progress: (progress: StageProgress) => void
  readonly warnings: string[]
  readonly work: (field: Field) => Promise<T>
  /** One line of a program that failed. */
  readonly failed: (error: ContestantFailed, side: 0 | 1) => string
}

/** Work on the programs, alone on the machine: their processes are ended after it. Throws InputError if one fails. */
export function onField<T>(sources: readonly Source[], options: FieldOptions, job: FieldJob<T>): Promise<T> {
  const work = async () => {
    const field = openField(sources, options)
    try {
      return await job.work(field)
    } catch (error) {
      options.signal?.throwIfAborted()
      throw error instanceof ContestantFailed ? new InputError(job.failed(error, field.sideOf(error))) : error
    } finally {
      await field.close()
    }
  }
  return withMachineLock(job, work, job.warnings)
}

/** One line: what became of it, and where. */
export function wordsOf({ failure }: ContestantFailed, file: string): string {
  const { stage, sample, reason, line } = failure
  const where = [stage, sample === null ? null : `sample ${sample}`].filter((one) => one !== null).join(', ')
  return `${file}${line === null ? '' : `:${line}`}${where === '' ? '' : ` (${where})`}: ${reason}`
}
