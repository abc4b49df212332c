// Runs the model in the caller's thread or, asked to, through predict-worker.mjs in a thread of its own, with nothing but the engine
// and the files beside it. Models take as little as 8 µs, so what predict() does for tensors is one check per input.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

const fileAt = (name) => fileURLToPath(new URL(name, import.meta.url))
const afterClose = () => new Error('predict() was called after close(); load() the model again')
/** Code that only some folders have. */
const beside = (name) => import(new URL(`./${name}`, import.meta.url).href)

/** `spinning: false`: idle threads of the engine give up the CPU, for several sessions side by side; not with `worker`. */
export async function load({ worker = false, spinning = true } = {}) {
  return worker ? loadInWorker() : loadHere(spinning)
}

async function loadHere(spinning) {
  const { openvino, litert, compiled, ends, ...engine } = JSON.parse(readFileSync(fileAt('./options.json'), 'utf8'))
  if (openvino) return (await beside('openvino.mjs')).loadHere(openvino, fileAt('./model.onnx'), afterClose)
  if (litert) return (await beside('litert.mjs')).loadHere(litert, fileAt('./model.tflite'), afterClose)
  if (compiled) return (await beside('predict-compiled.mjs')).loadHere(compiled, afterClose)
  const opened = await openEngine(spinning ? engine : { ...engine, session: quiet(engine.session) })
  if (!ends) return { predict: opened.predict, close: opened.close }
  return (await beside('predict-ends.mjs')).loadHere(ends, opened, afterClose)
}

function quiet(options) {
  const { extra } = options
  const off = (key) => ({ [key]: { ...extra?.session?.[key], allow_spinning: '0' } })
  return { ...options, extra: { ...extra, session: { ...extra?.session, ...off('intra_op'), ...off('inter_op') } } }
}

async function openEngine({ session: options, reuseOutputs, directCall }) {
  // The engine sends usage data from Linux unless this is set before it is loaded.
  process.env.ORT_DISABLE_TELEMETRY ??= '1'
  const module = await import('onnxruntime-node')
  const { InferenceSession, Tensor } = module.InferenceSession ? module : module.default
  const session = await InferenceSession.create(fileAt('./model.onnx'), options)
  const inputs = session.inputMetadata
  const names = session.outputMetadata.filter(({ isTensor }) => isTensor).map(({ name }) => name)
  const direct = directCall ? openDirect(options, names) : null
  if (direct) await session.release()
  const run = direct?.run ?? (reuseOutputs ? reusing(session, names, Tensor) : (feeds) => session.run(feeds, names))
  let closed = null

  const converted = (feeds) => {
    try {
      return run(tensorsOf(feeds, inputs, Tensor))
    } catch (error) {
      return Promise.reject(error)
    }
  }
  return {
    inputs,
    predict(feeds) {
      if (closed) return Promise.reject(afterClose())
      let count = 0
      for (const name in feeds) {
        if (!(feeds[name] instanceof Tensor)) return converted(feeds)
        count++
      }
      return count === inputs.length ? run(feeds) : converted(feeds)
    },
    close() {
      // The engine starts a prediction in the next turn of the event loop: those asked for before come first.
      closed ??= new Promise((resolve) => setImmediate(resolve)).then(() => (direct ?? session).release())
      return closed
    },
  }
}

/**
 * The engine's binding without the package's wrapper, which waits for a turn of the event loop before each prediction. null where
 * the package is not the pinned one.
 */
function openDirect(options, names) {
  let native
  try {
    const { binding, initOrt } = createRequire(import.meta.url)('onnxruntime-node/dist/binding.js')
    initOrt()
    native = new binding.InferenceSession()
    native.loadModel(fileAt('./model.onnx'), options)
  } catch {
    return null
  }
  const fetches = Object.fromEntries(names.map((name) => [name, null]))
  let turn = null
  return {
    run(feeds) {
      const now = performance.now()
      if (turn === null) {
        turn = now
        setImmediate(() => {
          turn = null
        })
      } else if (now - turn > 5) {
        // A loop of predictions lets timers and sockets have their turn.
        return new Promise((resolve) => setImmediate(resolve)).then(() => native.run(feeds, fetches, {}))
      }
      try {
        return Promise.resolve(native.run(feeds, fetches, {}))
      } catch (error) {
        return Promise.reject(error)
      }
    },
    release: () => native.dispose(),
  }
}

/** Gives the engine tensors to write into, as long as the inputs' shapes are those that the tensors were made for. */
function reusing(session, names, Tensor) {
  let shapes = null
  let kept = null
  let fails = false
  return (feeds) => {
    if (fails) return session.run(feeds, names)
    if (kept && Object.keys(shapes).every((name) => sameShape(shapes[name], feeds[name]?.dims))) {
      return session.run(feeds, kept).catch(() => {
        // Where shapes of outputs depend on values, the engine refuses the tensors.
        fails = true
        return session.run(feeds, names)
      })
    }
    return session.run(feeds, names).then((results) => {
      shapes = Object.fromEntries(Object.entries(feeds).map(([name, { dims }]) => [name, [...dims]]))
      kept = Object.fromEntries(names.map((name) => [name, tensorLike(results[name], Tensor)]))
      return results
    })
  }
}

/** null: strings and types narrower than a byte are made anew by the engine each time. */
function tensorLike({ type, data, dims }, Tensor) {
  return type === 'string' || type === 'int4' || type === 'uint4' ? null : new Tensor(type, data.slice(), dims)
}

function sameShape(a, b) {
  return b !== undefined && a.length === b.length && a.every((size, axis) => size === b[axis])
}

/** Feeds as the engine's tensors; a TypeError says which input is wrong and how. */
function tensorsOf(feeds, inputs, Tensor) {
  const names = () => inputs.map(({ name }) => name).join(', ')
  if (typeof feeds !== 'object' || feeds === null) {
    throw new TypeError(`predict() takes an object with a tensor for each input: ${names()}`)
  }
  for (const name in feeds) {
    if (!inputs.some((input) => input.name === name)) throw new TypeError(`the model has no input '${name}'; it takes ${names()}`)
  }
  const tensors = {}
  for (const { name, type } of inputs) tensors[name] = tensorOf(name, type, feeds[name], Tensor)
  return tensors
}

function tensorOf(name, type, value, Tensor) {
  if (value === undefined) throw new TypeError(`input '${name}' is missing`)
  if (value instanceof Tensor) return value
  if (typeof value !== 'object' || value === null || value.data === undefined || !Array.isArray(value.dims)) {
    throw new TypeError(`input '${name}' must be { type, data, dims }`)
  }
  if (value.type !== type) throw new TypeError(`input '${name}' takes ${type}, and was given ${value.type}`)
  try {
    return new Tensor(type, value.data, value.dims)
  } catch (error) {
    throw new TypeError(`input '${name}': ${error.message}`, { cause: error })
  }
}

function loadInWorker() {
  return new Promise((resolve, reject) => {
    // Node hands its own flags on, and --input-type, for code on the command line, would keep a worker from its file.
    const flags = process.execArgv.some((flag) => flag.startsWith('--input-type')) ? { execArgv: [] } : {}
    const worker = new Worker(new URL('./predict-worker.mjs', import.meta.url), flags)
    const waiting = new Map()
    const exited = new Promise((exit) => worker.once('exit', exit))
    let asked = 0
    let ended = null
    let closing = false

    const end = (error) => {
      ended ??= error
      reject(error)
      for (const one of waiting.values()) one.reject(error)
      waiting.clear()
    }
    const predict = (feeds) => {
      if (ended) return Promise.reject(closing ? afterClose() : ended)
      return new Promise((resolve, reject) => {
        const moved = []
        const copies = typeof feeds === 'object' && feeds !== null ? copiesOf(feeds, moved) : feeds
        const id = asked++
        worker.postMessage({ id, feeds: copies }, moved)
        // While it owes an answer, the process stays alive; idle, it does not hold it.
        if (waiting.size === 0) worker.ref()
        waiting.set(id, { resolve, reject })
      })
    }
    const close = () => {
      if (!closing && !ended) {
        closing = true
        ended = afterClose()
        worker.ref()
        worker.postMessage({ close: true })
      }
      return exited.then(() => undefined)
    }

    worker.on('message', ({ id, results, error, ready }) => {
      if (ready) {
        worker.unref()
        resolve({ predict, close })
        return
      }
      if (id === undefined) return end(error)
      const one = waiting.get(id)
      waiting.delete(id)
      if (waiting.size === 0 && !closing) worker.unref()
      if (error) one.reject(error)
      else one.resolve(results)
    })
    worker.on('error', (error) => end(new Error(`the worker that predicts failed: ${error.message}`, { cause: error })))
    worker.on('exit', (code) => end(new Error(`the worker that predicts has ended (exit code ${code}); load() the model again`)))
  })
}

/** The caller's arrays stay the caller's: the worker gets copies, and `moved` their buffers. */
function copiesOf(feeds, moved) {
  return Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, copyOf(value, moved)]))
}

function copyOf(value, moved) {
  if (typeof value !== 'object' || value === null) return value
  const { type, data, dims } = value
  if (!ArrayBuffer.isView(data)) return { type, data, dims }
  const Plain = data instanceof Uint8Array ? Uint8Array : Object.getPrototypeOf(data).constructor
  const copy = new Plain(data)
  moved.push(copy.buffer)
  return { type, data: copy, dims }
}
