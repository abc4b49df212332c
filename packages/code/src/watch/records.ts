// What the hooks in the user's processes write down, one JSON array a line, and what it means once it is read. Times are ms on the clock that
// all processes of the machine share (CLOCK_MONOTONIC). Ids count from 1 within a file; 0 is none. The collector in Python writes the same.

/** The environment variable with the folder that the hooks write to. */
export const WATCH_VARIABLE = 'WHYSLOW_WATCH'

export type WatchLine =
  | readonly ['process', pid: number, thread: number, runtime: string, words: readonly string[]]
  /** A server listens. */
  | readonly ['server', port: number]
  | readonly ['model', id: number, engine: string, version: string | null, file: string | null, threads: number | null]
  | readonly ['call', model: number, thread: number, start: number, end: number, request: number]
  | readonly ['request', id: number, thread: number, at: number, method: string, path: string]
  | readonly ['end', id: number, at: number, status: number]
  /** Code ran on a thread for a request, or for none. `cpu`: ms of it on a CPU; 0: nobody looked. */
  | readonly ['slice', thread: number, start: number, end: number, request: number, cpu: number]
  /** The file is full: what follows was left out. */
  | readonly ['full']

export interface Interval {
  readonly start: number
  readonly end: number
}

/** A record placed on one thread of one process. */
interface Placed {
  readonly thread: string
  readonly process: string
}

export interface SeenProcess {
  readonly pid: number
  readonly thread: number
  readonly runtime: string
  readonly words: readonly string[]
}

export interface SeenModel {
  readonly engine: string
  readonly version: string | null
  readonly file: string | null
  readonly threads: number | null
}

export interface SeenCall extends Interval, Placed {
  /** Place in `models`. */
  readonly model: number
  /** Place in `requests`; null: it runs in no request's context. */
  readonly request: number | null
}

export interface SeenRequest extends Placed {
  readonly start: number
  /** null: no answer was finished. */
  readonly end: number | null
  readonly status: number | null
  readonly method: string
  readonly path: string
}

export interface SeenSlice extends Interval, Placed {
  readonly request: number | null
  readonly cpu: number | null
}

export interface WatchRecords {
  readonly processes: readonly SeenProcess[]
  readonly ports: readonly number[]
  readonly models: readonly SeenModel[]
  readonly calls: readonly SeenCall[]
  readonly requests: readonly SeenRequest[]
  readonly slices: readonly SeenSlice[]
  readonly isFull: boolean
}

/** Joins the files of all processes. Lines that a process did not finish writing are left out. */
export function readRecords(texts: readonly string[]): WatchRecords {
  const seen = {
    processes: [] as SeenProcess[],
    ports: [] as number[],
    models: [] as SeenModel[],
    calls: [] as SeenCall[],
    requests: [] as SeenRequest[],
    slices: [] as SeenSlice[],
    isFull: false,
  }
  for (const text of texts) {
    let pid = 0
    const models = new Map<number, number>()
    const requests = new Map<number, number>()
    const lines = text.split('\n').flatMap((line): WatchLine[] => orNone(line))
    // Calls name requests and models whose lines stand before theirs.
    for (const line of lines) {
      const placed = (thread: number): Placed => ({ process: String(pid), thread: `${pid}.${thread}` })
      const of = (request: number) => requests.get(request) ?? null
      switch (line[0]) {
        case 'process':
          pid = line[1]
          seen.processes.push({ pid, thread: line[2], runtime: line[3], words: line[4] })
          break
        case 'server':
          seen.ports.push(line[1])
          break
        case 'model': {
          const [, id, engine, version, file, threads] = line
          models.set(id, modelAt(seen.models, { engine, version, file, threads }))
          break
        }
        case 'call': {
          const [, model, thread, start, end, request] = line
          if (models.has(model))
            seen.calls.push({ ...placed(thread), model: models.get(model)!, start, end, request: of(request) })
          break
        }
        case 'request': {
          const [, id, thread, start, method, path] = line
          requests.set(id, seen.requests.push({ ...placed(thread), start, end: null, status: null, method, path }) - 1)
          break
        }
        case 'end': {
          const at = of(line[1])
          if (at !== null) seen.requests[at] = { ...seen.requests[at]!, end: line[2], status: line[3] }
          break
        }
        case 'slice': {
          const [, thread, start, end, request, cpu] = line
          seen.slices.push({ ...placed(thread), start, end, request: of(request), cpu: cpu === 0 ? null : cpu })
          break
        }
        case 'full':
          seen.isFull = true
      }
    }
  }
  return seen
}

/** Worker processes open the same file each: it is one model. */
function modelAt(models: SeenModel[], model: SeenModel): number {
  const known = models.findIndex(({ engine, file }) => file !== null && engine === model.engine && file === model.file)
  return known >= 0 ? known : models.push(model) - 1
}

function orNone(line: string): WatchLine[] {
  try {
    const parsed: unknown = JSON.parse(line)
    return Array.isArray(parsed) ? [parsed as unknown as WatchLine] : []
  } catch {
    return []
  }
}
