// One process, independent of whyslow's code: one engine by hand over saved inputs. In Node a plain loop over the engine's package; for
// browser-wasm and browser-webgpu a page by hand (hand-page.mjs) in a Chromium of its own. Prints JSON: { p50Ms }.
//   node bench/engine-loop.mjs '{"engine":"ort-wasm","file":"model.onnx","inputs":"inputs.json","seconds":1,"warmupSeconds":1}'
import fs from 'node:fs'
import { handPage, loop, savedSamples } from './hand-page.mjs'

const { engine, file, inputs, seconds, warmupSeconds = 1, browser } = JSON.parse(process.argv[2])
const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
}

process.env.ORT_DISABLE_TELEMETRY ??= '1'
const samples = savedSamples(inputs)
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
  return loop((k) => session.run(feeds[k % feeds.length], fetches), warmupSeconds * 1000, seconds * 1000)
}

async function inBrowser() {
  const { chromium } = await import('playwright-core')
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
    const page = await handPage(() => chrome.newPage(), { provider: webgpu ? 'webgpu' : 'wasm', file, samples })
    return await page.sample(warmupSeconds * 1000, seconds * 1000)
  } finally {
    await chrome.close()
  }
}
