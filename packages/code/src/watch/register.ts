// Loaded before the user's program in each of its processes and threads of Node (`NODE_OPTIONS=--import`): notes the calls of models, the
// requests of HTTP servers, and for which of them code runs on the event loop.
import { AsyncLocalStorage, createHook } from 'node:async_hooks'
import { subscribe } from 'node:diagnostics_channel'
import { type AddressInfo, Server } from 'node:net'
import { threadId } from 'node:worker_threads'
import { nowMs } from '@whyslow/measure/machine/now.ts'
import { type OpenedModel, watchEngines, whenDone } from '../turns/engine-calls.ts'
import { Recorder } from './recorder.ts'
import { WATCH_VARIABLE } from './records.ts'

/** Slices of one request with less between them are one, ms. */
const MERGED_MS = 0.02
const NONE = 0
/** Its own callbacks, which would be written down for ever. */
const RECORDER = -1

interface Started {
  readonly request: object
  readonly response: object
}

function watch(into: string): void {
  const current = new AsyncLocalStorage<number>()
  const recorder = new Recorder(into, (run) => current.run(RECORDER, run))
  recorder.write(['process', process.pid, threadId, `Node ${process.version.slice(1)}`, process.argv.slice(1)])
  const slices = watchSlices(recorder, current)

  let models = 0
  watchEngines<number>({
    opened({ engine, version, modelFile, threads }: OpenedModel) {
      slices.enable()
      recorder.write(['model', ++models, engine, version, modelFile, threads])
      return models
    },
    run(model, _, run) {
      const request = current.getStore() ?? NONE
      const start = nowMs()
      return whenDone(run, () => recorder.write(['call', model, threadId, start, nowMs(), request]))
    },
  })

  let requests = 0
  const ids = new WeakMap<object, number>()
  subscribe('http.server.request.start', (message) => {
    const { request, response } = message as Started
    const { method = '', url = '' } = request as { method?: string; url?: string }
    const id = ++requests
    ids.set(response, id)
    recorder.write(['request', id, threadId, slices.enter(id), method, url.split('?')[0]!])
  })
  subscribe('http.server.response.finish', (message) => {
    const { response } = message as Started
    const id = ids.get(response)
    if (id !== undefined) recorder.write(['end', id, nowMs(), (response as { statusCode?: number }).statusCode ?? 0])
  })

  const { listen } = Server.prototype
  Server.prototype.listen = function (this: Server, ...given: unknown[]) {
    this.once('listening', () => {
      const { port } = (this.address() ?? {}) as Partial<AddressInfo>
      if (typeof port === 'number') recorder.write(['server', port])
    })
    slices.enable()
    return (listen as (...given: unknown[]) => Server).apply(this, given)
  } as typeof listen
}

/** Which request's code runs on this thread, from when to when. Not looked at before there is a server or a model. */
function watchSlices(recorder: Recorder, current: AsyncLocalStorage<number>) {
  /** Callbacks may run in others. */
  const owners: number[] = []
  let from = 0
  let [start, end, owner] = [0, 0, NONE]
  let idleMs = 0
  const write = () => {
    if (end > start) recorder.write(['slice', threadId, start, end, Math.max(NONE, owner), 0], owner === RECORDER)
  }
  const cut = (now: number) => {
    const by = owners.at(-1)
    if (by === undefined || now <= from) return
    if (by !== owner || from - end > MERGED_MS) {
      write()
      if (end > 0 && from - end > MERGED_MS) {
        // Native code of the loop, and a thread that gets no CPU, keep callbacks waiting as well.
        const { idle } = performance.eventLoopUtilization()
        const busyMs = from - end - (idle - idleMs)
        if (busyMs > MERGED_MS) recorder.write(['slice', threadId, from - busyMs, from, NONE, 0])
        idleMs = idle
      }
      ;[start, owner] = [from, by]
    }
    end = now
    from = now
  }
  const hook = createHook({
    before() {
      const now = nowMs()
      cut(now)
      from = now
      owners.push(current.getStore() ?? NONE)
    },
    after() {
      cut(nowMs())
      owners.pop()
    },
  })
  // Node forgets the callbacks that an exception ends.
  process.on('uncaughtExceptionMonitor', () => owners.splice(0))
  process.on('exit', () => {
    cut(nowMs())
    write()
  })
  return {
    enable: () => void hook.enable(),
    /** The callback that runs, and all that follows from it, is the request's; when that is. */
    enter(id: number): number {
      const now = nowMs()
      cut(now)
      current.enterWith(id)
      if (owners.length > 0) owners[owners.length - 1] = id
      return now
    },
  }
}

const folder = process.env[WATCH_VARIABLE]
try {
  if (folder !== undefined && folder !== '') watch(folder)
} catch (error) {
  // The user's program runs in any case.
  process.stderr.write(`whyslow: this process is not watched (${(error as Error).message})\n`)
}
