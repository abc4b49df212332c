// Runs the model in the caller's thread or, asked to, through predict-worker.mjs in a thread of its own, with nothing but the engine
// and the files next to it.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

const fileAt = (name) => fileURLToPath(new URL(name, import.meta.url))
const afterClose = () => new Error('predict() was called after close(); load() the model again')
/** Code that only some folders have. */
const beside = (name) => import(new URL(`.//${name}`, import.meta.url).href)

/**
 * `spinning: false`: idle threads of the engine give up the CPU, for several sessions side by side; not with `worker`. `reuseOutputs: true`, on
 * OpenVINO and LiteRT: the next prediction writes its results into the same arrays.
 */
export async function load({ worker = false, spinning = true, reuseOutputs = false } = {}) {
  return worker ? loadInWorker() : loadHere(spinning, reuseOutputs)
}

async function loadHere(spinning, reuse) {
  const { openvino, litert, compiled, ends, ...engine } = JSON.parse(readFileSync(fileAt('./options.json'), 'utf8'))
  if (openvino) return (await beside('openvino.mjs')).loadHere(openvino, fileAt('./model.onnx'), afterClose, reuse)
  if (litert) return (await beside('litert.mjs')).loadHere(litert, fileAt('./model.tflite'), afterClose, reuse)
  if (compiled) return (await beside('predict-compiled.mjs')).loadHere(compiled, afterClose)
  const quietly = spinning ? engine : { ...engine, session: quiet(engine.session) }
  const opened = await (await beside('onnxruntime.mjs')).loadHere(quietly, fileAt('./model.onnx'), afterClose)
  if (!ends) return { predict: opened.predict, close: opened.close }
  return (await beside('predict-ends.mjs')).loadHere(ends, opened, afterClose)
}

function quiet(options) {
  const { extra } = options
  const off = (key) => ({ [key]: { ...extra?.session?.[key], allow_spinning: '0' } })
  return { ...options, extra: { ...extra, session: { ...extra?.session, ...off('intra_op'), ...off('inter_op') } } }
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
