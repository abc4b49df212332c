// Servers of known behaviour: a stall shows in p90, overload is told and has no percentiles, the rate of an objective is found within 5 %; and
// the generator itself: how far behind its schedule at 20,000 requests a second, and what of a core it uses at 100.
//   node bench/load/check-behaviours.mjs [seconds]   ONLY=word,word: of stall, overload, objective, generator
import { here, knownQueue, load, ms, rate, started } from './shared.mjs'

const seconds = process.argv[2] ?? '20'
const only = process.env.ONLY?.split(',')
const asks = (word) => only === undefined || only.includes(word)
let failed = false
function check(what, wanted, measured, ok) {
  failed ||= !ok
  console.log(`${ok ? 'ok    ' : 'MISSED'}  ${what}: ${measured} (wanted: ${wanted})`)
}

/** On a server of its own: `run(address)`. */
async function on(queue, run) {
  const server = await knownQueue(queue)
  try {
    return await run(`http://127.0.0.1:${server.found}`)
  } finally {
    await server.end()
  }
}
const asked = (address, ...flags) => load(`${address}/predict`, '--body', '{}', '--duration', seconds, ...flags)

if (asks('stall'))
  await on({ workers: 4, serviceMs: 2, fixed: true, stallEveryMs: 4000, stallMs: 800 }, async (address) => {
    const { points } = await asked(address, '--rate', '100')
    const [{ p90Ms, requests }] = points
    const all = (await (await fetch(`${address}/expected`)).json()).slice(-requests).sort((a, b) => a - b)
    const known = all[Math.ceil(0.9 * all.length) - 1]
    check(
      'p90 with a stall of 0.8 s every 4 s',
      `${ms(known)} ms ± 5 %`,
      ms(p90Ms),
      p90Ms !== null && Math.abs(p90Ms / known - 1) < 0.05,
    )
  })
if (asks('overload'))
  await on({ workers: 2, serviceMs: 10, fixed: false }, async (address) => {
    const { points } = await asked(address, '--rate', '240')
    const [{ saturated, p99Ms, outstanding }] = points
    check(
      '120 % of the capacity',
      'saturated, no p99',
      `${saturated ? '' : 'not '}saturated, ${outstanding.atEnd} left`,
      saturated && p99Ms === null,
    )
  })
// M/M/1: P(T > t) = exp(-(1 - ρ) t / S), so that p99 = 4.605 S / (1 - ρ).
const objective = 100 * (1 - (Math.log(100) * 10) / 100)
if (asks('objective'))
  await on({ workers: 1, serviceMs: 10, fixed: false }, async (address) => {
    const { found } = await load(
      `${address}/predict`,
      '--body',
      '{}',
      '--slo',
      'p99<100ms',
      '--duration',
      String(Number(seconds) * 3),
    )
    const off = found === null ? Number.POSITIVE_INFINITY : Math.abs(found.ratePerSecond / objective - 1)
    check('rate that holds p99<100ms, M/M/1 of 10 ms', `${rate(objective)} ± 5 %`, rate(found?.ratePerSecond), off < 0.05)
  })
if (asks('generator')) {
  const nobody = await started(process.execPath, [here('null-server.mjs')])
  const address = `http://127.0.0.1:${nobody.found}/`
  const fast = await load(address, '--body', '{}', '--rate', '20000', '--duration', '5')
  const { lag, achievedPerSecond } = fast.points[0]
  const said = fast.audit.ok ? '' : `; says: ${fast.audit.reasons[0]}`
  const held = lag.p50Ms < 1 && achievedPerSecond > 19_800
  check(
    '20,000 requests/s: behind schedule at the median',
    'below 1 ms, or its ceiling said',
    `${ms(lag.p50Ms)} ms${said}`,
    held || !fast.audit.ok,
  )
  const slow = await load(address, '--body', '{}', '--rate', '100', '--duration', seconds)
  check('100 requests/s: of a core', 'at most 5 %', `${(100 * slow.audit.cores).toFixed(1)} %`, slow.audit.cores <= 0.05)
  await nobody.end()
}
process.exitCode = failed ? 1 : 0
