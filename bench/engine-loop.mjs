// One process, independent of whyslow's code: one engine by hand over saved inputs. In Node a plain loop over the engine's package; for
// browser-wasm and browser-webgpu a page of our own in the same Chromium, with the loop in the page. Prints JSON: { p50Ms }.
//   node bench/engine-loop.mjs '{"engine":"ort-wasm","file":"model.onnx","inputs":"inputs.json","seconds":1}'
import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'

const { engine, file, inputs, seconds, browser } = JSON.parse(process.argv[2])
const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
}
/** WebAssembly is compiled twice, the second time while it runs. */
const WARMUP_MS = 1000
const packages = path.resolve(import.meta.dirname, '../node_modules')

process.env.ORT_DISABLE_TELEMETRY ??= '1'
const samples = JSON.parse(fs.readFileSync(inputs, 'utf8')).samples.map((sample) =>
  sample.map(({ name, dtype, shape, file: bytesFile }) => ({
    name,
    dtype,
    shape,
    bytes: fs.readFileSync(path.join(path.dirname(inputs), bytesFile)),
  })),
)
const p50Ms = engine.startsWith('browser-') ? await inBrowser() : await inNode()
fs.writeSync(1, JSON.stringify({ p50Ms }))
process.exit(0)

async function inNode() {
  const isWeb = engine === 'ort-wasm'
  const { default: ort } = isWeb
    ? await import('onnxruntime-web').then((all) => ({ default: all }))
    : await import('onnxruntime-node')
  const provider = isWeb ? 'wasm' : engine.replace('ort-', '').replace('directml', 'dml')
  const model = isWeb ? new Uint8Array(fs.readFileSync(file)) : file
  const session = await ort.InferenceSession.create(model, { logSeverityLevel: 3, executionProviders: [provider] })
  const fetches = session.outputMetadata.filter(({ isTensor }) => isTensor).map(({ name }) => name)
  const feeds = samples.map((sample) =>
    Object.fromEntries(
      sample.map(({ name, dtype, shape, bytes }) => {
        const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
        return [name, new ort.Tensor(dtype, dtype === 'string' ? JSON.parse(bytes.toString()) : new arrays[dtype](buffer), shape)]
      }),
    ),
  )
  return loop((k) => session.run(feeds[k % feeds.length], fetches), WARMUP_MS, seconds * 1000)
}

/** Runs here and, as text, in the page: it must use nothing from outside. */
async function loop(run, warmupMs, sampleMs) {
  const began = performance.now()
  for (let k = 0; k < 3 || performance.now() - began < warmupMs; k++) await run(k)
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

async function inBrowser() {
  const { chromium } = await import('playwright-core')
  const server = http.createServer(answer)
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const webgpu = engine === 'browser-webgpu'
  const software = [
    '--enable-unsafe-webgpu',
    '--enable-features=Vulkan',
    '--use-webgpu-adapter=swiftshader',
    '--use-vulkan=swiftshader',
  ]
  const chrome = await chromium.launch({
    executablePath: browser,
    headless: true,
    chromiumSandbox: process.getuid?.() !== 0,
    args: webgpu ? software : ['--disable-gpu'],
  })
  try {
    const page = await chrome.newPage()
    await page.goto(`http://127.0.0.1:${server.address().port}/`)
    const spec = { provider: webgpu ? 'webgpu' : 'wasm', warmupMs: WARMUP_MS, sampleMs: seconds * 1000, loop: loop.toString() }
    return await page.evaluate(inPage, { ...spec, samples: samples.map((one) => one.map(({ bytes: _, ...rest }) => rest)) })
  } finally {
    await chrome.close()
    server.close()
  }
}

async function inPage({ provider, warmupMs, sampleMs, loop: text, samples: described }) {
  const ort = await import('/dist/ort.all.min.mjs')
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
  return globalThis.eval(`(${text})`)(run, warmupMs, sampleMs)
}

/** Isolated, so that there are threads. */
function answer({ url }, response) {
  const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }
  const send = (type, body) => response.writeHead(200, { ...headers, 'Content-Type': type }).end(body)
  const [, kind, a, b] = url.split('/')
  if (kind === '') return send('text/html', '<!doctype html><title>loop</title>')
  if (kind === 'model') return send('application/octet-stream', fs.readFileSync(file))
  if (kind === 'input') return send('application/octet-stream', samples[a][b].bytes)
  const wanted = path.join(packages, 'onnxruntime-web/dist', path.basename(url))
  if (!fs.existsSync(wanted)) return response.writeHead(404).end()
  return send(wanted.endsWith('.wasm') ? 'application/wasm' : 'text/javascript', fs.readFileSync(wanted))
}
