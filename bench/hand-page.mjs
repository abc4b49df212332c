// A page by hand, independent of whyslow's own page: onnxruntime-web over saved inputs, in a browser that the caller started, with the
// loop in the page. The package's files are those that a page would load for the provider.
import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'

const dist = path.resolve(import.meta.dirname, '../node_modules/onnxruntime-web/dist')

/** Of saved inputs (inputs.json), with their bytes. */
export const savedSamples = (inputs) =>
  JSON.parse(fs.readFileSync(inputs, 'utf8')).samples.map((sample) =>
    sample.map(({ name, dtype, shape, file }) => ({
      name,
      dtype,
      shape,
      bytes: fs.readFileSync(path.join(path.dirname(inputs), file)),
    })),
  )

/** `open`: gives a new page. `sample(warmupMs, sampleMs)`: p50 of a loop in it, ms; `firstMs`: the first prediction. */
export async function handPage(open, { provider, file, samples }) {
  const server = http.createServer((request, response) => answer(request.url, response, file, samples))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const page = await open()
  await page.goto(`http://127.0.0.1:${server.address().port}/`)
  const firstMs = await page.evaluate(openInPage, {
    provider,
    samples: samples.map((one) => one.map(({ bytes: _, ...rest }) => rest)),
    loop: loop.toString(),
  })
  return {
    firstMs,
    sample: (warmupMs, sampleMs) => page.evaluate(([warmup, sample]) => globalThis.sample(warmup, sample), [warmupMs, sampleMs]),
    async close() {
      await page.close()
      server.closeAllConnections()
      server.close()
    },
  }
}

/** p50 of `run`, ms. Runs in Node and, as text, in a page: it must use nothing from outside. */
export async function loop(run, warmupMs, sampleMs) {
  const began = performance.now()
  for (let k = 0; k < 1 || performance.now() - began < warmupMs; k++) await run(k)
  const times = []
  const stop = performance.now() + sampleMs
  for (let k = 0; (performance.now() < stop || k < 5) && k < 50_000; k++) {
    const from = performance.now()
    await run(k)
    times.push(performance.now() - from)
  }
  times.sort((a, b) => a - b)
  return times[times.length >> 1]
}

async function openInPage({ provider, samples: described, loop: text }) {
  const ort = await import(`/dist/ort.${provider}.min.mjs`)
  ort.env.wasm.wasmPaths = '/dist/'
  const kinds = {
    float32: Float32Array,
    float64: Float64Array,
    int8: Int8Array,
    uint8: Uint8Array,
    int32: Int32Array,
    int64: BigInt64Array,
    bool: Uint8Array,
  }
  const model = new Uint8Array(await (await fetch('/model')).arrayBuffer())
  const session = await ort.InferenceSession.create(model, { logSeverityLevel: 3, executionProviders: [provider] })
  const fetches = session.outputMetadata.filter(({ isTensor }) => isTensor).map(({ name }) => name)
  const feeds = []
  for (const [i, sample] of described.entries()) {
    const entries = sample.map(async ({ name, dtype, shape }, k) => {
      const buffer = await (await fetch(`/input/${i}/${k}`)).arrayBuffer()
      return [name, new ort.Tensor(dtype, new kinds[dtype](buffer), shape)]
    })
    feeds.push(Object.fromEntries(await Promise.all(entries)))
  }
  const run = async (k) => {
    const results = await session.run(feeds[k % feeds.length], fetches)
    // Until the outputs can be read, the prediction is not over.
    for (const name of fetches) await results[name].getData()
  }
  // biome-ignore lint/security/noGlobalEval: the same loop as in Node, and a page of our own
  const measure = globalThis.eval(`(${text})`)
  globalThis.sample = (warmupMs, sampleMs) => measure(run, warmupMs, sampleMs)
  const from = performance.now()
  await run(0)
  return performance.now() - from
}

/** Isolated, so that there are threads. */
function answer(url, response, file, samples) {
  const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }
  const send = (type, body) => response.writeHead(200, { ...headers, 'Content-Type': type }).end(body)
  const [, kind, a, b] = url.split('/')
  if (kind === '') return send('text/html', '<!doctype html><title>loop</title>')
  if (kind === 'model') return send('application/octet-stream', fs.readFileSync(file))
  if (kind === 'input') return send('application/octet-stream', samples[a][b].bytes)
  const wanted = path.join(dist, path.basename(url))
  if (!fs.existsSync(wanted)) return response.writeHead(404).end()
  return send(wanted.endsWith('.wasm') ? 'application/wasm' : 'text/javascript', fs.readFileSync(wanted))
}
