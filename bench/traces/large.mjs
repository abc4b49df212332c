// A trace of any size by repeating a real one in time: node bench/traces/large.mjs TRACE OUT.json BYTES. Ids and times differ in each round, so
// that nothing but names and shapes repeats, as in a long recording. Synthetic in that.
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

const [, , input, output, size] = process.argv
if (size === undefined) {
  console.error('Usage: node bench/traces/large.mjs TRACE OUT.json BYTES')
  process.exit(2)
}
const packed = readFileSync(input)
const trace = JSON.parse((packed[0] === 0x1f ? gunzipSync(packed) : packed).toString('utf8'))
const { traceEvents: events, ...rest } = trace
const timed = events.filter(({ ts }) => typeof ts === 'number')
const start = timed.reduce((low, { ts }) => Math.min(low, ts), Number.POSITIVE_INFINITY)
const length = timed.reduce((high, { ts, dur = 0 }) => Math.max(high, ts + dur), 0) - start
const idSpan = timed.reduce((high, { args = {} }) => Math.max(high, args.correlation ?? 0, args['External id'] ?? 0), 0) + 1

const handle = openSync(output, 'w')
let written = writeSync(handle, `${JSON.stringify(rest).slice(0, -1)},"traceEvents":[\n`)
for (let round = 0; written < Number(size); round++) {
  const parts = events.map((event) => {
    if (typeof event.ts !== 'number') return round === 0 ? JSON.stringify(event) : ''
    const args = { ...event.args }
    for (const key of ['correlation', 'External id']) if (args[key] > 0) args[key] += round * idSpan
    // Relative times: those of 1.7e15 µs would lose their fractions here.
    return JSON.stringify({ ...event, ts: Number((event.ts - start + round * length).toFixed(3)), args })
  })
  const text = parts.filter((part) => part !== '').join(',\n')
  written += writeSync(handle, round === 0 ? text : `,\n${text}`)
}
writeSync(handle, '\n]}\n')
closeSync(handle)
console.log(`${written} bytes`)
