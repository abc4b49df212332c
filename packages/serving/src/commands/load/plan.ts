// What is asked of a target, made of the options: how requests arrive, at which rates, for how long.
import fs from 'node:fs'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { LoadArrivals } from '@whyslow/report/documents/load.ts'
import { type Goodput, parseGoodput } from '../../load/goodput.ts'
import type { PointPlan } from '../../load/measure.ts'
import { type Objective, parseObjective } from '../../load/objective.ts'
import { type Arrivals, MOST_REQUESTS, makeTimeline, traceRate } from '../../load/timeline.ts'
import { readTrace } from '../../load/trace.ts'
import type { LoadOptions } from './options.ts'

export interface Plan {
  readonly arrivals: Arrivals
  readonly described: LoadArrivals
  readonly rates: readonly number[]
  readonly objective: Objective | null
  /** null: streams are not judged. */
  readonly goodput: Goodput | null
  /** null: as long as it takes. */
  readonly seconds: number | null
  /** Tokens of a text, for servers that stream without counting them; absent: nobody counts them. */
  readonly countTokens?: (text: string) => number
  readonly warnings: readonly string[]
}

/** What runs need to judge streams. */
export const streamPlanOf = ({ goodput, countTokens }: Plan): Pick<PointPlan, 'goodput' | 'countTokens'> => ({
  ...(goodput === null ? {} : { goodput }),
  ...(countTokens === undefined ? {} : { countTokens }),
})

/** Throws InputError if the options contradict each other, or ask for too much. */
export function planOf(options: LoadOptions): Plan {
  const { rates, clients, seconds, seed } = options
  const objective = options.slo === null ? null : parseObjective(options.slo)
  const goodput = options.goodput === null ? null : parseGoodput(options.goodput)
  const { arrivals, trace } = arrivalsOf(options.arrivals)
  if (clients.length > 0 && (rates.length > 0 || objective !== null || trace !== null))
    throw new InputError(
      '--concurrency is a closed loop, in which nothing arrives by a rate; give it without --rate, --slo and a trace',
    )
  if (options.budgetSeconds !== null && objective === null)
    throw new InputError("--budget: bounds the search for an objective; give one, as in --slo 'p99<20ms', or --duration")
  const replay = arrivals.kind === 'trace' && rates.length === 0 && objective === null
  if (rates.length === 0 && clients.length === 0 && objective === null && !replay)
    throw new InputError("--arrivals: say at which rate requests arrive so, as in --rate 50,100,200, or give --slo 'p99<20ms'")
  const own = arrivals.kind === 'trace' ? traceRate(arrivals.gapsMs) : 0
  const all = replay ? [own] : rates
  // So many mean gaps as there are arrivals, the last one with the gap after it.
  const once = arrivals.kind === 'trace' && replay ? (arrivals.gapsMs.length + 1) / own : null
  const length = seconds ?? once
  const tooMany = all.find((rate) => rate * (length ?? 60) > MOST_REQUESTS / 2)
  if (tooMany !== undefined)
    throw new InputError(`--rate ${tooMany}: more requests than one run keeps (${MOST_REQUESTS / 2}); give fewer seconds`)
  if (arrivals.kind === 'trace' && length !== null && all.some((rate) => isTooMany(arrivals, rate, length)))
    throw new InputError(
      `--arrivals ${trace}: more requests in ${length} s than one run keeps (${MOST_REQUESTS / 2}); give fewer seconds`,
    )
  const kind = clients.length > 0 ? 'closed' : arrivals.kind
  const burstiness = {
    poisson: 1,
    constant: 0,
    trace: null,
    closed: null,
    bursts: arrivals.kind === 'bursts' ? arrivals.burstiness : 1,
  }
  return {
    arrivals,
    described: { kind, seed, burstiness: burstiness[kind], trace },
    rates: all,
    objective,
    goodput,
    seconds: length,
    warnings:
      clients.length > 0
        ? [
            'in a closed loop clients wait for a slow server, and no one else arrives in the meantime: its percentiles are not those of users who arrive at any time',
          ]
        : [],
  }
}

/** A recording may be denser at its beginning than on average. */
const isTooMany = (arrivals: Arrivals, ratePerSecond: number, seconds: number): boolean =>
  makeTimeline({ arrivals, ratePerSecond, warmUpMs: 0, measuredMs: 1000 * seconds, seed: 1 }).dueMs.length > MOST_REQUESTS / 2

/** Squared coefficient of variation of gaps that are called bursts. */
const BURSTINESS = 4

function arrivalsOf(given: string): { arrivals: Arrivals; trace: string | null } {
  if (given === 'poisson' || given === 'constant') return { arrivals: { kind: given }, trace: null }
  const bursts = /^bursts(?::(\d+(?:\.\d+)?))?$/.exec(given)
  if (bursts !== null) {
    const burstiness = Number(bursts[1] ?? BURSTINESS)
    if (burstiness > 0 && burstiness <= 1000) return { arrivals: { kind: 'bursts', burstiness }, trace: null }
    throw new InputError(`--arrivals ${given}: the number is the squared coefficient of variation of the gaps; give 1 to 1000`)
  }
  let text: string
  try {
    text = fs.readFileSync(given, 'utf8')
  } catch {
    throw new InputError(`--arrivals ${given}: give poisson, constant, bursts, or a file of arrivals that is there`)
  }
  return { arrivals: { kind: 'trace', gapsMs: readTrace(text, given) }, trace: given }
}
