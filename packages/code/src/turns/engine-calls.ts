// Engines at work inside the user's code: their packages' shared classes are patched when the user's code loads them, so that the calls are
// seen by whatever name the code imported them. Several copies of a package are each patched.
import Module from 'node:module'
import path from 'node:path'
import { onModuleLoad } from './module-loads.ts'

// biome-ignore lint/suspicious/noExplicitAny: shapes of packages that are the user's
type Anything = any
type Method = (...given: unknown[]) => unknown

/** A model as the user's code opened it. */
export interface OpenedModel {
  readonly engine: string
  readonly version: string | null
  /** null: the code opened it from memory, or by a way that names no file. */
  readonly modelFile: string | null
  readonly modelBytes: number | null
  readonly openMs: number | null
  readonly threads: number | null
  readonly device: string | null
  /** The method that runs it. */
  readonly method: string
  /** Opens it again, unwatched, and runs it unwatched: of onnxruntime. */
  readonly open?: () => Promise<Anything>
  readonly run?: Method
}

export interface EngineListener<M> {
  /** The package was loaded. */
  loaded?(found: Anything, request: string): void
  /** A model is about to be opened; `opened` gets what this returns. */
  opening?(): unknown
  opened(model: OpenedModel, opening: unknown, found: Anything): M
  /** The code runs the model: `run` does it. Only the outermost call of a model counts. */
  run(model: M, given: readonly unknown[], run: () => unknown): unknown
}

/** Watches from now on. To be called before the user's code is loaded. `requests`: what the packages' names match. */
export function watchEngines<M>(listener: EngineListener<M>, requests = /onnxruntime|tensorflow|tfjs|litert/): void {
  const patched = new WeakSet<object>()
  /** Whether it is new. */
  const marks = (one: object): boolean => !patched.has(one) && patched.add(one) !== undefined

  const watchRun = (session: Anything, model: M) => {
    const run = session.run as Method
    session.run = (...given: unknown[]) => listener.run(model, given, () => run.apply(session, given))
  }

  const onnxruntime = (found: Anything, request: string) => {
    const kind = found.InferenceSession
    if (!marks(kind)) return
    const create = kind.create as Method
    const version = versionOf(request)
    kind.create = async (...given: unknown[]) => {
      const opening = listener.opening?.()
      const start = performance.now()
      const session = (await create.apply(kind, given)) as Anything
      const openMs = performance.now() - start
      const [model] = given
      const options = (given.find((one) => typeof one === 'object' && one !== null && !ArrayBuffer.isView(one)) ?? {}) as Anything
      const run = session.run as Method
      const opened: OpenedModel = {
        engine: 'onnxruntime',
        version,
        modelFile: typeof model === 'string' ? path.resolve(model) : null,
        modelBytes: ArrayBuffer.isView(model) ? model.byteLength : null,
        openMs,
        threads: typeof options.intraOpNumThreads === 'number' ? options.intraOpNumThreads : null,
        device: deviceOf(options.executionProviders),
        method: 'run',
        open: async () => (await create.apply(kind, given)) as Anything,
        run: (...feeds) => run.apply(session, feeds),
      }
      watchRun(session, listener.opened(opened, opening, found))
      return session
    }
  }

  const litert = (found: Anything) => {
    const open = found.loadAndCompile as Method
    found.loadAndCompile = async (...given: unknown[]) => {
      const opening = listener.opening?.()
      const start = performance.now()
      const model = (await open.apply(found, given)) as Anything
      const modelFile = typeof given[0] === 'string' ? given[0] : null
      const openMs = performance.now() - start
      watchRun(model, listener.opened({ ...NOTHING, engine: 'litert.js', method: 'run', modelFile, openMs }, opening, found))
      return model
    }
  }

  const tfjs = (prototype: Anything, found: Anything) => {
    if (!marks(prototype)) return
    const { version } = found
    const byModel = new WeakMap<object, M>()
    const running = new WeakMap<object, number>()
    for (const name of ['predict', 'execute', 'executeAsync', 'predictOnBatch']) {
      const method = prototype[name] as Method | undefined
      if (typeof method !== 'function') continue
      prototype[name] = function (this: object, ...given: unknown[]) {
        let model = byModel.get(this)
        if (model === undefined) {
          const release = version?.tfjs ?? version?.['tfjs-core'] ?? null
          model = listener.opened({ ...NOTHING, engine: 'tfjs', version: release, method: name }, null, found)
          byModel.set(this, model)
        }
        // predict calls execute.
        if ((running.get(this) ?? 0) > 0) return method.apply(this, given)
        running.set(this, 1)
        const done = () => void running.set(this, 0)
        return listener.run(model, given, () => whenDone(() => method.apply(this, given), done))
      }
    }
  }

  onModuleLoad(requests, (found: Anything, request) => {
    if (typeof found !== 'object' || found === null || !marks(found)) return
    try {
      listener.loaded?.(found, request)
      if (found.InferenceSession?.create !== undefined) onnxruntime(found, request)
      for (const name of ['LayersModel', 'GraphModel'] as const)
        if (found[name]?.prototype !== undefined) tfjs(found[name].prototype, found)
      if (typeof found.loadAndCompile === 'function') litert(found)
    } catch {
      // What cannot be patched is not recognised.
    }
  })
}

const NOTHING = { version: null, modelFile: null, modelBytes: null, openMs: null, threads: null, device: null } as const

/** Calls `done` once, when what `run` does has ended, in whatever way. */
export function whenDone(run: () => unknown, done: () => void): unknown {
  let result: unknown
  try {
    result = run()
  } catch (error) {
    done()
    throw error
  }
  if (result instanceof Promise) result.then(done, done)
  else done()
  return result
}

function deviceOf(providers: unknown): string {
  const [first] = Array.isArray(providers) ? providers : []
  const name = typeof first === 'string' ? first : ((first as Anything)?.name ?? 'cpu')
  return String(name)
}

/** Version of the package that a path leads into; null if none says. */
function versionOf(request: string): string | null {
  try {
    const require = Module.createRequire(process.argv[1] ?? import.meta.url)
    const name = /node_modules[\\/](@[^\\/]+[\\/][^\\/]+|[^\\/]+)[\\/](?!.*node_modules)/.exec(request)?.[1] ?? request
    return (require(`${name}/package.json`) as { version?: string }).version ?? null
  } catch {
    return null
  }
}
