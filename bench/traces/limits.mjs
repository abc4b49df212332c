// Time and memory of explain on traces of a size: a real trace is repeated until it has it (large.mjs), in a temporary folder that is removed.
// node bench/traces/limits.mjs TRACE 5e6 1e9 2e9 [--out folder]   (Linux: the peak of resident memory is read from /proc)
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keepResult } from '../result.mjs'

const [trace, ...sizes] = process.argv.slice(2)
if (sizes.length === 0) {
  console.error('Usage: node bench/traces/limits.mjs TRACE BYTES...')
  process.exit(2)
}
const root = join(import.meta.dirname, '..', '..')
const folder = mkdtempSync(join(tmpdir(), 'whyslow-limits-'))
/** By size from which on they hold: seconds and MB of resident memory. */
const LIMITS = [
  { to: 10e6, seconds: 1 },
  { to: 1.5e9, seconds: 30, megabytes: 500 },
  { to: Number.POSITIVE_INFINITY, megabytes: 500 },
]
let missed = 0
const values = {}
try {
  for (const size of sizes.map(Number)) {
    const file = join(folder, 'large.json')
    execFileSync(process.execPath, [join(root, 'bench/traces/large.mjs'), trace, file, String(size)])
    const { seconds, megabytes, answer } = await explain(file)
    rmSync(file)
    const limit = LIMITS.find(({ to }) => size <= to)
    const isIn = seconds <= (limit.seconds ?? seconds) && megabytes <= (limit.megabytes ?? megabytes)
    if (!isIn) missed++
    values[`of${Math.round(size / 1e3)}kB`] = { wallS: seconds, peakMB: megabytes }
    console.log(
      `${size / 1e6} MB | ${seconds.toFixed(2)} s | ${megabytes.toFixed(0)} MB resident | ${isIn ? 'in' : 'BEYOND'} its limits | ${answer}`,
    )
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
await keepResult(values, values)
process.exit(missed > 0 ? 1 : 0)

function explain(file) {
  return new Promise((resolve, reject) => {
    const start = process.hrtime.bigint()
    const child = spawn(process.execPath, [join(root, 'dist/whyslow/main.js'), 'explain', file, '--json', '-'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let [peakKb, text] = [0, '']
    const timer = setInterval(() => {
      try {
        peakKb = Math.max(peakKb, Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0))
      } catch {
        // It has ended.
      }
    }, 20)
    child.stdout.on('data', (piece) => (text += piece))
    child.on('close', (code) => {
      clearInterval(timer)
      if (code !== 0) return reject(new Error(`explain ended with ${code}`))
      const seconds = Number(process.hrtime.bigint() - start) / 1e9
      resolve({ seconds, megabytes: peakKb / 1024, answer: JSON.parse(text).answer.slice(0, 60) })
    })
  })
}
