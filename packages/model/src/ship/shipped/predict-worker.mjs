// The thread of load({ worker: true }): answers one prediction after the other.
import { parentPort } from 'node:worker_threads'
import { load } from './predict.mjs'

const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort)
let last = Promise.resolve()

try {
  // What is sent are copies. Engines that always give new arrays do not know the option.
  const options = { worker: false, reuseOutputs: true }
  const model = await load(options)
  port.on('message', (message) => {
    last = last.then(() => (message.close ? close(model) : answer(model, message)))
  })
  port.postMessage({ ready: true })
} catch (error) {
  port.postMessage({ error: plain(error) })
}

async function answer(model, { id, feeds }) {
  try {
    const results = await model.predict(feeds)
    const moved = []
    const copies = Object.entries(results).map(([name, { type, data, dims }]) => {
      const copy = data.slice()
      if (ArrayBuffer.isView(copy)) moved.push(copy.buffer)
      return [name, { type, data: copy, dims }]
    })
    port.postMessage({ id, results: Object.fromEntries(copies) }, moved)
  } catch (error) {
    port.postMessage({ id, error: plain(error) })
  }
}

async function close(model) {
  await model.close()
  port.close()
}

/** What a message can hold of an error. */
function plain(error) {
  return error instanceof TypeError ? new TypeError(error.message) : new Error(error?.message ?? String(error))
}
