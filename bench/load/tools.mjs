// Other tools beside whyslow load, on the same server and machine in one run: a server with fixed service times that keeps up easily, where
// all should say the same, and one that does nothing for 0.8 s every 4 s, where a tool that waits for answers before it sends sees little.
//   TOOLS_PYTHON=/path/to/python node bench/load/tools.mjs [seconds] [requests/s]
// TOOLS_PYTHON: an interpreter that has mlcommons-loadgen (and perf-analyzer, whose program lies beside it). wrk and oha are run where they are
// installed, autocannon through npx. What is left out is said, with the reason.
import path from 'node:path'
import { here, knownQueue, load, missing, ms, printed, rate, serve, table } from './shared.mjs'

const seconds = Number(process.argv[2] ?? 20)
const perSecond = Number(process.argv[3] ?? 100)
const python = process.env.TOOLS_PYTHON ?? ''
const CONNECTIONS = 8

const inMs = (text) => {
  const [, value, unit] = /([\d.]+)(us|µs|ms|s)/.exec(text) ?? []
  return Number(value) * { us: 1e-3, µs: 1e-3, ms: 1, s: 1000 }[unit]
}

/** Each: what its latency starts at, and p50, p99 (ms) and answers a second. */
const tools = [
  {
    name: 'whyslow load',
    from: 'schedule',
    async run({ address }) {
      const flags = ['--body', '{}', '--arrivals', 'constant', '--rate', String(perSecond), '--duration', String(seconds)]
      const { points } = await load(address, ...flags)
      const [{ p50Ms, p99Ms, achievedPerSecond, reasons }] = points
      return { p50Ms, p99Ms, rate: achievedPerSecond, note: reasons.p99Ms }
    },
  },
  {
    name: 'LoadGen (Poisson)',
    from: 'schedule',
    why: () => (python === '' ? 'TOOLS_PYTHON names no interpreter' : missing(python)),
    run: async ({ address }) =>
      JSON.parse((await printed(python, [here('loadgen.py'), address, perSecond, seconds])).trim().split('\n').at(-1)),
  },
  {
    name: 'oha',
    from: 'send',
    why: () => missing('oha'),
    run: ({ address }) => oha(address, []),
  },
  {
    name: 'oha --latency-correction',
    from: 'schedule',
    why: () => missing('oha'),
    run: ({ address }) => oha(address, ['--latency-correction']),
  },
  {
    name: 'autocannon',
    from: 'send, corrected',
    why: () => missing('npx'),
    async run({ address }) {
      const flags = ['-j', '-R', perSecond, '-c', CONNECTIONS, '-d', seconds, '-m', 'POST', '-b', '{}', address]
      const { latency, requests } = JSON.parse(await printed('npx', ['--yes', 'autocannon@8', ...flags.map(String)]))
      return { p50Ms: latency.p50, p99Ms: latency.p99, rate: requests.average, note: 'whole milliseconds' }
    },
  },
  {
    name: 'wrk (closed loop)',
    from: 'send',
    why: () => missing('wrk'),
    async run({ address }) {
      const text = await printed('wrk', ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency', address])
      const share = (name) => inMs(new RegExp(`^\\s*${name}%\\s+(\\S+)`, 'm').exec(text)[1])
      return { p50Ms: share(50), p99Ms: share(99), rate: Number(/Requests\/sec:\s*([\d.]+)/.exec(text)[1]), note: 'has no rate' }
    },
  },
]

async function oha(address, more) {
  const flags = ['--no-tui', '--output-format', 'json', '-z', `${seconds}s`, '-q', perSecond, '-c', 64, '-m', 'POST', '-d', '{}']
  const { latencyPercentiles, summary } = JSON.parse(await printed('oha', [...flags.map(String), ...more, address]))
  return { p50Ms: latencyPercentiles.p50 * 1000, p99Ms: latencyPercentiles.p99 * 1000, rate: summary.requestsPerSec }
}

/** Of the server's own record. */
async function expected(address) {
  const all = (await (await fetch(new URL('/expected', address))).json()).sort((a, b) => a - b)
  const share = (part) => all[Math.ceil(part * all.length) - 1]
  return { p50Ms: share(0.5), p99Ms: share(0.99) }
}

const servers = [
  { title: 'fixed service of 2 ms, 4 workers', queue: { workers: 4, serviceMs: 2, fixed: true } },
  {
    title: 'the same, with a stall of 0.8 s every 4 s',
    queue: { workers: 4, serviceMs: 2, fixed: true, stallEveryMs: 4000, stallMs: 800 },
  },
]
for (const { title, queue } of servers) {
  console.log(`\n${title}; ${perSecond} requests/s for ${seconds} s\n`)
  const rows = [['tool', 'latency from', 'p50 ms', 'p99 ms', 'answers/s', "server's p50, p99", '']]
  for (const { name, from, why, run } of tools) {
    const reason = why?.() ?? null
    if (reason !== null) {
      rows.push([name, from, '', '', '', '', `left out: ${reason}`])
      continue
    }
    const server = await knownQueue(queue)
    const address = `http://127.0.0.1:${server.found}/predict`
    try {
      const { p50Ms, p99Ms, rate: answers, note = '' } = await run({ address })
      const known = await expected(address)
      rows.push([name, from, ms(p50Ms), ms(p99Ms), rate(answers), `${ms(known.p50Ms)}, ${ms(known.p99Ms)}`, note])
    } catch (error) {
      rows.push([name, from, '', '', '', '', `left out: ${error.message}`])
    }
    await server.end()
  }
  table(rows)
}

// perf_analyzer speaks to models, not to any address: beside it the same model asked by whyslow load.
const analyzer = process.env.PERF_ANALYZER ?? (python === '' ? 'perf_analyzer' : path.join(path.dirname(python), 'perf_analyzer'))

async function analyzed(found) {
  const reason = missing(analyzer)
  if (reason !== null) throw new Error(reason)
  const flags = `-m m -u ${new URL(found).host} --shape X:1,23 --percentile 99 --request-rate-range ${perSecond}`
  const text = await printed(analyzer, flags.split(' '))
  const told = (name) => Number(new RegExp(`${name} latency: (\\d+) usec`).exec(text)?.[1] ?? Number.NaN) / 1000
  if (Number.isNaN(told('p99'))) throw new Error(`it says no latency: ${text.trim().split('\n').at(-1)}`)
  return { p50Ms: told('p50'), p99Ms: told('p99') }
}

async function asked(found) {
  const flags = ['--protocol', 'oip', '--arrivals', 'constant', '--rate', String(perSecond), '--duration', String(seconds)]
  return (await load(found, ...flags)).points[0]
}

console.log(`\na model on whyslow serve; ${perSecond} requests/s\n`)
const server = await serve(here('../../fixtures/models/credit_mlp.onnx'), '--name', 'm')
const rows = [['tool', 'p50 ms', 'p99 ms', '']]
for (const [name, run] of [
  ['whyslow load', asked],
  ['perf_analyzer', analyzed],
])
  try {
    const { p50Ms, p99Ms } = await run(server.found)
    rows.push([name, ms(p50Ms), ms(p99Ms), ''])
  } catch (error) {
    rows.push([name, '', '', `left out: ${error.message}`])
  }
table(rows)
await server.end()
